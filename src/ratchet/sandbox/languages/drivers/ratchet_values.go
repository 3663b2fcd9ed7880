// Values as bytes, in the form that ratchet/sandbox/lines.py describes.

package main

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"
	"unsafe"
)

const ratchetMaxDepth = 150

// ratchetWrong is what is panicked with where a value has no form, or what came is not of the type that is due.
type ratchetWrong string

var ratchetErrorType = reflect.TypeOf((*error)(nil)).Elem()

// ---- values to bytes

func ratchetCounted(out []byte, kind byte, count int) []byte {
	return append(strconv.AppendInt(append(out, kind), int64(count), 10), '\n')
}

func ratchetText(out []byte, text string) []byte {
	if utf8.ValidString(text) {
		return append(append(ratchetCounted(out, 's', len(text)), text...), '\n')
	}
	// Bytes that are no UTF-8 go as the list of their numbers.
	out = ratchetCounted(out, 'l', len(text))
	for i := 0; i < len(text); i++ {
		out = ratchetCounted(out, 'i', int(text[i]))
	}
	return out
}

func ratchetFloat(out []byte, value float64) []byte {
	text := strconv.FormatFloat(value, 'e', -1, 64)
	switch {
	case math.IsNaN(value):
		text = "nan"
	case math.IsInf(value, 1):
		text = "inf"
	case math.IsInf(value, -1):
		text = "-inf"
	}
	return append(append(append(out, 'd'), text...), '\n')
}

func ratchetPut(out []byte, value reflect.Value, depth int) []byte {
	if depth > ratchetMaxDepth {
		panic(ratchetWrong("a value is nested too deeply to be sent"))
	}
	switch value.Kind() {
	case reflect.Bool:
		if value.Bool() {
			return append(out, "T\n"...)
		}
		return append(out, "F\n"...)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return append(strconv.AppendInt(append(out, 'i'), value.Int(), 10), '\n')
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return append(strconv.AppendUint(append(out, 'i'), value.Uint(), 10), '\n')
	case reflect.Float32, reflect.Float64:
		return ratchetFloat(out, value.Float())
	case reflect.Complex64, reflect.Complex128:
		whole := value.Complex()
		return ratchetFloat(ratchetFloat(append(out, "l2\n"...), real(whole)), imag(whole))
	case reflect.String:
		return ratchetText(out, value.String())
	case reflect.Slice, reflect.Array:
		if value.Kind() == reflect.Slice && value.IsNil() {
			return append(out, "n\n"...)
		}
		out = ratchetCounted(out, 'l', value.Len())
		for i := 0; i < value.Len(); i++ {
			out = ratchetPut(out, value.Index(i), depth+1)
		}
		return out
	case reflect.Map:
		return ratchetMap(out, value, depth)
	case reflect.Struct:
		out = ratchetCounted(out, 'l', value.NumField())
		for i := 0; i < value.NumField(); i++ {
			out = ratchetPut(out, value.Field(i), depth+1)
		}
		return out
	case reflect.Ptr:
		if value.IsNil() {
			return append(out, "n\n"...)
		}
		return ratchetPut(append(out, "l1\n"...), value.Elem(), depth+1)
	case reflect.Interface:
		return ratchetDynamic(out, value, depth)
	}
	panic(ratchetWrong("a value of type " + value.Type().String() + " cannot be sent"))
}

// The keys of a map are texts and numbers there; a map with others goes as the list of its pairs.
func ratchetMap(out []byte, value reflect.Value, depth int) []byte {
	if value.IsNil() {
		return append(out, "n\n"...)
	}
	var packed [][]byte
	kind, before := byte('o'), ""
	for each := value.MapRange(); each.Next(); {
		key := ratchetPut(nil, each.Key(), depth+1)
		if key[0] == 'l' || key[0] == 'o' {
			kind, before = 'l', "l2\n"
		}
		packed = append(packed, ratchetPut(key, each.Value(), depth+1))
	}
	out = ratchetCounted(out, kind, len(packed))
	for _, pair := range packed {
		out = append(append(out, before...), pair...)
	}
	return out
}

// What is in an interface comes with the name of its type.
func ratchetDynamic(out []byte, value reflect.Value, depth int) []byte {
	if value.IsNil() {
		return append(out, "n\n"...)
	}
	out = append(out, "l2\n"...)
	if value.CanInterface() {
		if failure, is := value.Interface().(error); is {
			return ratchetText(ratchetText(out, "error"), failure.Error())
		}
	}
	name := value.Elem().Type().String()
	if ratchetType(name) != value.Elem().Type() {
		panic(ratchetWrong("a value of type " + name + " in an interface cannot be sent"))
	}
	return ratchetPut(ratchetText(out, name), value.Elem(), depth+1)
}

var ratchetTypes = map[string]reflect.Type{
	"bool": reflect.TypeOf(false), "string": reflect.TypeOf(""),
	"int": reflect.TypeOf(0), "int8": reflect.TypeOf(int8(0)), "int16": reflect.TypeOf(int16(0)),
	"int32": reflect.TypeOf(int32(0)), "int64": reflect.TypeOf(int64(0)),
	"uint": reflect.TypeOf(uint(0)), "uint8": reflect.TypeOf(uint8(0)), "uint16": reflect.TypeOf(uint16(0)),
	"uint32": reflect.TypeOf(uint32(0)), "uint64": reflect.TypeOf(uint64(0)),
	"float32": reflect.TypeOf(float32(0)), "float64": reflect.TypeOf(0.0), "complex128": reflect.TypeOf(0i),
	"interface {}": reflect.TypeOf((*interface{})(nil)).Elem(), "struct {}": reflect.TypeOf(struct{}{}),
	"error": ratchetErrorType,
}

// ratchetType is the type of that name, if it is made of the ones above; else nil.
func ratchetType(name string) reflect.Type {
	if known := ratchetTypes[name]; known != nil || len(name) > 200 {
		return known
	}
	switch {
	case strings.HasPrefix(name, "*"):
		if pointed := ratchetType(name[1:]); pointed != nil {
			return reflect.PtrTo(pointed)
		}
	case strings.HasPrefix(name, "map["):
		if end := strings.IndexByte(name, ']'); end > 0 && !strings.Contains(name[4:end], "[") {
			key, value := ratchetType(name[4:end]), ratchetType(name[end+1:])
			if key != nil && value != nil && key.Comparable() {
				return reflect.MapOf(key, value)
			}
		}
	case strings.HasPrefix(name, "["):
		end := strings.IndexByte(name, ']')
		if end < 0 {
			return nil
		}
		each := ratchetType(name[end+1:])
		if each != nil && end == 1 {
			return reflect.SliceOf(each)
		}
		// An array takes its memory before it is read.
		count, failed := strconv.Atoi(name[1:end])
		if each != nil && failed == nil && count >= 0 && count < 1<<20 && uintptr(count)*each.Size() < 1<<24 {
			return reflect.ArrayOf(count, each)
		}
	}
	return nil
}

// ---- bytes to values

// ratchetReader reads what somebody hostile may have written.
type ratchetReader struct{ data string }

func (reader *ratchetReader) next() byte {
	if reader.data == "" {
		return 0
	}
	return reader.data[0]
}

// line is the next line of a value that begins with that letter, without the letter.
func (reader *ratchetReader) line(kind byte) string {
	end := strings.IndexByte(reader.data, '\n')
	if end < 1 || reader.data[0] != kind {
		panic(ratchetWrong(fmt.Sprintf("%q where a value that begins with %c is due", reader.data[:end+1], kind)))
	}
	line := reader.data[1:end]
	reader.data = reader.data[end+1:]
	return line
}

func (reader *ratchetReader) count(kind byte) int {
	count, failed := strconv.Atoi(reader.line(kind))
	if failed != nil || count < 0 || count > len(reader.data) {
		panic(ratchetWrong("it announces more than there is"))
	}
	return count
}

func (reader *ratchetReader) exactly(count int) {
	if reader.count('l') != count {
		panic(ratchetWrong("a list of another length is due"))
	}
}

func (reader *ratchetReader) text() string {
	size := reader.count('s')
	if len(reader.data) <= size || reader.data[size] != '\n' {
		panic(ratchetWrong("a text without an end"))
	}
	text := reader.data[:size]
	reader.data = reader.data[size+1:]
	return text
}

func (reader *ratchetReader) float() float64 {
	kind := byte('d')
	if reader.next() == 'i' {
		kind = 'i'
	}
	// A number that is too large is infinite.
	value, failed := strconv.ParseFloat(reader.line(kind), 64)
	if failed != nil && !errors.Is(failed, strconv.ErrRange) {
		panic(ratchetWrong("no number"))
	}
	return value
}

// get reads a value into `into`, which can be set.
func (reader *ratchetReader) get(into reflect.Value, depth int) {
	if depth > ratchetMaxDepth {
		panic(ratchetWrong("it is nested too deeply"))
	}
	if nothing := into.Kind(); reader.next() == 'n' && (nothing == reflect.Slice || nothing == reflect.Map ||
		nothing == reflect.Ptr || nothing == reflect.Interface) {
		reader.line('n')
		into.Set(reflect.Zero(into.Type()))
		return
	}
	switch into.Kind() {
	case reflect.Bool:
		truth := reader.next() == 'T'
		if reader.line(map[bool]byte{true: 'T', false: 'F'}[truth]) != "" {
			panic(ratchetWrong("no truth value"))
		}
		into.SetBool(truth)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		number, failed := strconv.ParseInt(reader.line('i'), 10, into.Type().Bits())
		if failed != nil {
			panic(ratchetWrong(failed.Error()))
		}
		into.SetInt(number)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		number, failed := strconv.ParseUint(reader.line('i'), 10, into.Type().Bits())
		if failed != nil {
			panic(ratchetWrong(failed.Error()))
		}
		into.SetUint(number)
	case reflect.Float32, reflect.Float64:
		into.SetFloat(reader.float())
	case reflect.Complex64, reflect.Complex128:
		reader.exactly(2)
		into.SetComplex(complex(reader.float(), reader.float()))
	case reflect.String:
		reader.getString(into)
	case reflect.Slice:
		count := reader.count('l')
		slice := reflect.MakeSlice(into.Type(), 0, 0)
		for ; count > 0; count-- {
			each := reflect.New(into.Type().Elem()).Elem()
			reader.get(each, depth+1)
			slice = reflect.Append(slice, each)
		}
		into.Set(slice)
	case reflect.Array:
		reader.exactly(into.Len())
		for i := 0; i < into.Len(); i++ {
			reader.get(into.Index(i), depth+1)
		}
	case reflect.Map:
		reader.getMap(into, depth)
	case reflect.Struct:
		reader.exactly(into.NumField())
		for i := 0; i < into.NumField(); i++ {
			// Fields that are not exported are set where they lie.
			place := unsafe.Pointer(into.Field(i).UnsafeAddr())
			reader.get(reflect.NewAt(into.Field(i).Type(), place).Elem(), depth+1)
		}
	case reflect.Ptr:
		reader.exactly(1)
		pointed := reflect.New(into.Type().Elem())
		reader.get(pointed.Elem(), depth+1)
		into.Set(pointed)
	case reflect.Interface:
		reader.getDynamic(into, depth)
	default:
		panic(ratchetWrong("a value of type " + into.Type().String() + " cannot be received"))
	}
}

func (reader *ratchetReader) getString(into reflect.Value) {
	if reader.next() == 's' {
		into.SetString(reader.text())
		return
	}
	count := reader.count('l')
	var bytes []byte
	for ; count > 0; count-- {
		number, failed := strconv.ParseUint(reader.line('i'), 10, 8)
		if failed != nil {
			panic(ratchetWrong("no byte"))
		}
		bytes = append(bytes, byte(number))
	}
	into.SetString(string(bytes))
}

func (reader *ratchetReader) getMap(into reflect.Value, depth int) {
	kind := byte('o')
	if reader.next() == 'l' {
		kind = 'l'
	}
	found := reflect.MakeMap(into.Type())
	for count := reader.count(kind); count > 0; count-- {
		if kind == 'l' {
			reader.exactly(2)
		}
		key, value := reflect.New(into.Type().Key()).Elem(), reflect.New(into.Type().Elem()).Elem()
		reader.get(key, depth+1)
		reader.get(value, depth+1)
		if inside := key; inside.Kind() == reflect.Interface && !inside.IsNil() {
			if !inside.Elem().Type().Comparable() {
				panic(ratchetWrong("a key that cannot be compared"))
			}
		}
		found.SetMapIndex(key, value)
	}
	into.Set(found)
}

func (reader *ratchetReader) getDynamic(into reflect.Value, depth int) {
	reader.exactly(2)
	name := reader.text()
	if name == "error" {
		failure := reflect.ValueOf(errors.New(reader.text()))
		if !failure.Type().AssignableTo(into.Type()) {
			panic(ratchetWrong("an error is not due"))
		}
		into.Set(failure)
		return
	}
	known := ratchetType(name)
	if known == nil || !known.AssignableTo(into.Type()) {
		panic(ratchetWrong("a value of type " + name + " is not due"))
	}
	value := reflect.New(known).Elem()
	reader.get(value, depth+1)
	into.Set(value)
}
