package org.javatuples;

/** 6 values. */
public final class Sextet<A, B, C, D, E, F> extends Tuple {
    public Sextet(A value0, B value1, C value2, D value3, E value4, F value5) {
        super(value0, value1, value2, value3, value4, value5);
    }

    public static <A, B, C, D, E, F> Sextet<A, B, C, D, E, F> with(A value0, B value1, C value2, D value3, E value4, F value5) {
        return new Sextet<>(value0, value1, value2, value3, value4, value5);
    }

    @SuppressWarnings("unchecked")
    public A getValue0() {
        return (A) getValue(0);
    }

    public <X> Sextet<X, B, C, D, E, F> setAt0(X value) {
        return new Sextet<>(value, getValue1(), getValue2(), getValue3(), getValue4(), getValue5());
    }

    @SuppressWarnings("unchecked")
    public B getValue1() {
        return (B) getValue(1);
    }

    public <X> Sextet<A, X, C, D, E, F> setAt1(X value) {
        return new Sextet<>(getValue0(), value, getValue2(), getValue3(), getValue4(), getValue5());
    }

    @SuppressWarnings("unchecked")
    public C getValue2() {
        return (C) getValue(2);
    }

    public <X> Sextet<A, B, X, D, E, F> setAt2(X value) {
        return new Sextet<>(getValue0(), getValue1(), value, getValue3(), getValue4(), getValue5());
    }

    @SuppressWarnings("unchecked")
    public D getValue3() {
        return (D) getValue(3);
    }

    public <X> Sextet<A, B, C, X, E, F> setAt3(X value) {
        return new Sextet<>(getValue0(), getValue1(), getValue2(), value, getValue4(), getValue5());
    }

    @SuppressWarnings("unchecked")
    public E getValue4() {
        return (E) getValue(4);
    }

    public <X> Sextet<A, B, C, D, X, F> setAt4(X value) {
        return new Sextet<>(getValue0(), getValue1(), getValue2(), getValue3(), value, getValue5());
    }

    @SuppressWarnings("unchecked")
    public F getValue5() {
        return (F) getValue(5);
    }

    public <X> Sextet<A, B, C, D, E, X> setAt5(X value) {
        return new Sextet<>(getValue0(), getValue1(), getValue2(), getValue3(), getValue4(), value);
    }
}
