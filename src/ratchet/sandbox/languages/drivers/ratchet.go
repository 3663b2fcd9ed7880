// Both ends of a conversation about one function, in the form that ratchet/sandbox/lines.py describes.

package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"reflect"
	"strconv"
)

const ratchetMaxFrame = 64 << 20

var (
	ratchetInput  = bufio.NewReader(os.NewFile(3, "questions"))
	ratchetOutput = os.NewFile(4, "answers")
)

// ---- frames

func ratchetReadFrame() (string, bool) {
	head, failed := ratchetInput.ReadSlice('\n')
	if failed != nil || len(head) > 10 {
		return "", false
	}
	size, failed := strconv.Atoi(string(head[:len(head)-1]))
	if failed != nil || size < 0 || size > ratchetMaxFrame {
		return "", false
	}
	payload := make([]byte, size)
	_, failed = io.ReadFull(ratchetInput, payload)
	return string(payload), failed == nil
}

func ratchetWriteFrame(payload []byte) bool {
	_, failed := ratchetOutput.Write(append([]byte(strconv.Itoa(len(payload))+"\n"), payload...))
	return failed == nil
}

// ---- the side of the candidate

// ratchetServe answers what is asked of a function, until nobody asks any more.
func ratchetServe(function interface{}) {
	for {
		question, more := ratchetReadFrame()
		if !more {
			os.Exit(0)
		}
		if !ratchetWriteFrame(ratchetAnswer(reflect.ValueOf(function), question)) {
			os.Exit(1)
		}
	}
}

func ratchetAnswer(function reflect.Value, question string) (out []byte) {
	answered := false // panic(nil) cannot be told from none by what recover says
	defer func() {
		if said := recover(); !answered {
			name := "panic"
			if _, is := said.(ratchetWrong); is {
				name = "wrong type"
			}
			out = ratchetText(ratchetText([]byte("l2\n"), name), fmt.Sprint(said))
		}
	}()
	kind := function.Type()
	reader := ratchetReader{question}
	reader.exactly(kind.NumIn() + 1)
	reader.text()
	arguments := make([]reflect.Value, kind.NumIn())
	for i := range arguments {
		arguments[i] = reflect.New(kind.In(i)).Elem()
		reader.get(arguments[i], 0)
	}
	var results []reflect.Value
	if kind.IsVariadic() {
		results = function.CallSlice(arguments)
	} else {
		results = function.Call(arguments)
	}
	if len(results) == 0 {
		// It was called for what it does to its arguments.
		results = arguments
	}
	out = []byte("l1\n")
	if kind.NumOut() != 1 {
		out = ratchetCounted(out, 'l', len(results))
	}
	for _, result := range results {
		out = ratchetPut(out, result, 0)
	}
	answered = true
	return out
}

// ---- the side of the examiner

// ratchetGiveUp ends this program: without an answer there is nothing to examine, and no test shall expect it.
func ratchetGiveUp(why string) {
	fmt.Fprintln(os.Stderr, "ratchet: "+why)
	os.Exit(2)
}

// ratchetStub is a function that asks the other process for its results.
func ratchetStub[F any](name string) F {
	var function F
	kind := reflect.TypeOf(function)
	stub := reflect.MakeFunc(kind, func(arguments []reflect.Value) []reflect.Value {
		results, raised := ratchetAsk(name, kind, arguments)
		if raised != "" {
			panic(name + " ended with " + raised)
		}
		return results
	})
	return stub.Interface().(F)
}

func ratchetAsk(name string, kind reflect.Type, arguments []reflect.Value) (results []reflect.Value, raised string) {
	defer func() {
		if said := recover(); said != nil {
			ratchetGiveUp(fmt.Sprintf("what %s is given or answers is not of its type: %v", name, said))
		}
	}()
	question := ratchetText(ratchetCounted(nil, 'l', len(arguments)+1), name)
	for _, argument := range arguments {
		question = ratchetPut(question, argument, 0)
	}
	if !ratchetWriteFrame(question) {
		ratchetGiveUp("the function gave no answer")
	}
	reply, there := ratchetReadFrame()
	if !there {
		ratchetGiveUp("the function gave no answer")
	}
	reader := ratchetReader{reply}
	if reader.count('l') == 2 {
		return nil, reader.text() + ": " + reader.text()
	}
	places := make([]reflect.Value, 0, kind.NumOut()+kind.NumIn())
	for i := 0; i < kind.NumOut(); i++ {
		places = append(places, reflect.New(kind.Out(i)).Elem())
	}
	for i := 0; kind.NumOut() == 0 && i < kind.NumIn(); i++ {
		places = append(places, reflect.New(kind.In(i)).Elem())
	}
	if kind.NumOut() != 1 {
		reader.exactly(len(places))
	}
	for _, place := range places {
		reader.get(place, 0)
	}
	if reader.data != "" {
		panic(ratchetWrong("there is more behind the value"))
	}
	if kind.NumOut() == 0 {
		for i, argument := range arguments {
			ratchetGiveBack(argument, places[i])
		}
		return nil, ""
	}
	return places, ""
}

// ratchetGiveBack puts into an argument what became of it in the other process.
func ratchetGiveBack(argument, changed reflect.Value) {
	switch {
	case argument.Kind() == reflect.Slice:
		reflect.Copy(argument, changed)
	case argument.Kind() == reflect.Map && !argument.IsNil():
		for _, key := range argument.MapKeys() {
			argument.SetMapIndex(key, reflect.Value{})
		}
		for each := changed.MapRange(); each.Next(); {
			argument.SetMapIndex(each.Key(), each.Value())
		}
	case argument.Kind() == reflect.Ptr && !argument.IsNil() && !changed.IsNil():
		argument.Elem().Set(changed.Elem())
	}
}
