// What tests use of testify's `assert` and `require`, with its rules of equality.

package main

import (
	"bytes"
	"fmt"
	"math"
	"reflect"
	"testing"
)

var (
	assert  = ratchetAsserting{}
	require = ratchetAsserting{now: true}
)

type ratchetAsserting struct{ now bool }

func (asserting ratchetAsserting) New(t *testing.T) ratchetAssertions {
	return ratchetAssertions{t, asserting.now}
}

func (asserting ratchetAsserting) Equal(t *testing.T, expected, actual interface{}, _ ...interface{}) bool {
	return asserting.New(t).Equal(expected, actual)
}

func (asserting ratchetAsserting) NotEqual(t *testing.T, expected, actual interface{}, _ ...interface{}) bool {
	return asserting.New(t).NotEqual(expected, actual)
}

func (asserting ratchetAsserting) True(t *testing.T, value bool, _ ...interface{}) bool {
	return asserting.New(t).True(value)
}

func (asserting ratchetAsserting) False(t *testing.T, value bool, _ ...interface{}) bool {
	return asserting.New(t).False(value)
}

func (asserting ratchetAsserting) Nil(t *testing.T, value interface{}, _ ...interface{}) bool {
	return asserting.New(t).Nil(value)
}

func (asserting ratchetAsserting) InDelta(t *testing.T, expected, actual, delta float64, _ ...interface{}) bool {
	return asserting.New(t).InDelta(expected, actual, delta)
}

type ratchetAssertions struct {
	t   *testing.T
	now bool
}

func (asserted ratchetAssertions) holds(holds bool, form string, values ...interface{}) bool {
	asserted.t.Helper()
	if !holds {
		asserted.t.Errorf(form, values...)
		if asserted.now {
			asserted.t.FailNow()
		}
	}
	return holds
}

func (asserted ratchetAssertions) Equal(expected, actual interface{}, _ ...interface{}) bool {
	asserted.t.Helper()
	return asserted.holds(ratchetEqual(expected, actual), "expected %#v, got %#v", expected, actual)
}

func (asserted ratchetAssertions) NotEqual(expected, actual interface{}, _ ...interface{}) bool {
	asserted.t.Helper()
	return asserted.holds(!ratchetEqual(expected, actual), "expected anything but %#v", actual)
}

func (asserted ratchetAssertions) True(value bool, _ ...interface{}) bool {
	asserted.t.Helper()
	return asserted.holds(value, "expected true")
}

func (asserted ratchetAssertions) False(value bool, _ ...interface{}) bool {
	asserted.t.Helper()
	return asserted.holds(!value, "expected false")
}

func (asserted ratchetAssertions) Nil(value interface{}, _ ...interface{}) bool {
	asserted.t.Helper()
	held := reflect.ValueOf(value)
	is := value == nil
	switch held.Kind() {
	case reflect.Chan, reflect.Func, reflect.Interface, reflect.Map, reflect.Ptr, reflect.Slice:
		is = held.IsNil()
	}
	return asserted.holds(is, "expected nil, got %#v", value)
}

func (asserted ratchetAssertions) InDelta(expected, actual, delta float64, _ ...interface{}) bool {
	asserted.t.Helper()
	near := math.Abs(expected-actual) <= delta || math.IsNaN(expected) && math.IsNaN(actual)
	return asserted.holds(near, "%s", fmt.Sprintf("expected %v within %v, got %v", expected, delta, actual))
}

func ratchetEqual(expected, actual interface{}) bool {
	wanted, are := expected.([]byte)
	if !are {
		return reflect.DeepEqual(expected, actual)
	}
	found, are := actual.([]byte)
	return are && (wanted == nil) == (found == nil) && bytes.Equal(wanted, found)
}
