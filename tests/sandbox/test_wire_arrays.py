"""Arrays, tensors and data frames cross with their types, shapes and labels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from ratchet.sandbox.inside import wire


def crossed(value: Any) -> Any:
    return wire.unpack(wire.pack(value))


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6, dtype=np.int32).reshape(2, 3),
        np.zeros((0, 4)),
        np.array(["a", "bcd"]),
        np.array([1 + 2j]),
        np.array(["2020-01-01"], dtype="datetime64[D]"),
        np.array([1, 2], dtype="timedelta64[ns]"),
        np.array(3.5),
        np.asfortranarray(np.eye(3)),
        np.array([1, "a", None, (2, 3)], dtype=object),
        np.array([[[1], [2]], [[3], [4]]], dtype=object),
        np.array([(1, 2.5, "x")], dtype=[("a", "i4"), ("b", "f8"), ("c", "U3")]),
        np.zeros(3, dtype=[("p", [("x", "i4"), ("y", "i4", (2,))])]),
        np.arange(3, dtype=">i4"),
    ],
    ids=str,
)
def test_arrays(array: Any) -> None:
    back = crossed(array)
    assert back.dtype == array.dtype
    assert back.shape == array.shape
    assert type(back) is type(array)
    assert (back == array).all()


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
def test_matrices() -> None:
    matrix = np.matrix([[1, 2], [3, 4]])
    assert (crossed(matrix) * crossed(matrix) == matrix * matrix).all()


@settings(max_examples=80, deadline=None)
@given(
    hnp.arrays(
        st.one_of(
            hnp.scalar_dtypes(), hnp.unicode_string_dtypes(min_len=1), hnp.byte_string_dtypes(min_len=1)
        ),
        hnp.array_shapes(max_dims=3, max_side=4, min_side=0),
    )
)
def test_any_plain_array(array: Any) -> None:
    if array.dtype.itemsize == 0 or array.dtype.kind in "gG":
        return
    back = crossed(array)
    assert back.dtype == array.dtype
    assert back.tobytes() == np.ascontiguousarray(array).tobytes()


@pytest.mark.parametrize(
    "scalar", [np.float64(1.5), np.int8(-3), np.bool_(True), np.str_("x"), np.datetime64("2020-01-01")]
)
def test_numpy_scalars(scalar: Any) -> None:
    back = crossed(scalar)
    assert type(back) is type(scalar)
    assert back == scalar


def test_masked_arrays_and_dtypes() -> None:
    masked = np.ma.MaskedArray([1, 2, 3], [False, True, False])
    back = crossed(masked)
    assert back.tolist() == [1, None, 3]
    assert crossed(np.dtype("f4")) == np.dtype("f4")


@pytest.mark.parametrize(
    "payload",
    [
        b'{"t":"ndarray","v":["<U0",[1000000000],""]}',
        b'{"t":"ndarray","v":["|V0",[1000000000],""]}',
        b'{"t":"ndarray","v":["<U99999999",[0,9],""]}',
        b'{"t":"objects","v":[[1000000000],[]]}',
        b'{"t":"struct","v":[["a"],[1000000000],[[1]]]}',
        b'{"t":"struct","v":[[],[1000000000],[]]}',
        b'{"t":"masked","v":[1,2]}',
        b'{"t":"scalar","v":[1]}',
        b'{"t":"tensor","v":["float32",1]}',
        b'{"t":"dtype","v":"O"}',
        b'{"t":"frame","v":[1,2,3]}',
        b'{"t":"series","v":[1,2,["numpy",3]]}',
        b'{"t":"index","v":["column",["a"],["string","python",true,"AAAA","AAAA",""],null]}',
        b'{"t":"extension","v":["numpy",1]}',
        b'{"t":"absent","v":"x"}',
        b'{"t":"index","v":["range",[null],0,900000000000,1]}',
        b'{"t":"index","v":["multi",["a"],[{"t":"index","v":["range",["a"],0,60000000,1]}],'
        b'[{"t":"ndarray","v":["<i8",[1],"AAAAAAAAAAA="]}]]}',
        b'{"t":"extension","v":["pickle",1]}',
    ],
)
def test_hostile_arrays(payload: bytes) -> None:
    try:
        value = wire.unpack(payload)
    except wire.WireError:
        return
    assert value.nbytes == 0


@pytest.mark.local
def test_tensors() -> None:
    torch = pytest.importorskip("torch", reason="needs the extra `local`")
    for tensor in (
        torch.arange(6).reshape(2, 3),
        torch.tensor([1.5], dtype=torch.bfloat16),
        torch.tensor(True),
        torch.zeros(2, requires_grad=True),
        torch.zeros(0, 3),
        torch.tensor([1 + 2j]).conj(),
    ):
        back = crossed(tensor)
        assert back.dtype == tensor.dtype
        assert torch.equal(back, tensor.detach())
    with pytest.raises(wire.NotPlainError):
        crossed(torch.eye(3).to_sparse())


class TestFrames:
    """What pandas makes, and what it must not be made to do."""

    @pytest.fixture(autouse=True)
    def _pandas(self) -> None:
        self.pd = pytest.importorskip("pandas", reason="needs pandas: pip install pandas")

    def columns(self) -> dict[str, Any]:
        pd = self.pd
        return {
            "int": [1, 2, 3],
            "float": [1.5, None, float("inf")],
            "text": ["a", None, "\u00e9"],
            "object": pd.Series([1, "a", (2, [3])], dtype=object),
            "bool": [True, False, True],
            "Int64": pd.array([1, None, 3], dtype="Int64"),
            "UInt8": pd.array([1, None, 3], dtype="UInt8"),
            "Float32": pd.array([1.5, None, 3], dtype="Float32"),
            "boolean": pd.array([True, None, False]),
            "string": pd.array(["a", None, ""], dtype="string"),
            "category": pd.Categorical(["x", None, "y"], categories=["y", "x"], ordered=True),
            "codes": pd.Categorical([3, 1, 3]),
            "when": pd.to_datetime(["2020-01-01 00:00", None, "2020-03-01 12:30"]),
            "zoned": pd.date_range("2020-03-28", periods=3, tz="Europe/Berlin"),
            "delta": pd.to_timedelta([1, None, 3], unit="h"),
            "period": pd.period_range("2020-01", periods=3, freq="M"),
            "interval": pd.interval_range(0, 3),
        }

    def test_columns_of_every_kind(self) -> None:
        pd = self.pd
        for name, column in self.columns().items():
            series = pd.Series(column, name=name)
            pd.testing.assert_series_equal(crossed(series), series)

    def test_frames(self) -> None:
        pd = self.pd
        frame = pd.DataFrame(self.columns())
        pd.testing.assert_frame_equal(crossed(frame), frame)
        pd.testing.assert_frame_equal(crossed(frame.iloc[:0]), frame.iloc[:0])
        pd.testing.assert_frame_equal(crossed(frame[[]]), frame[[]])
        pd.testing.assert_frame_equal(crossed(pd.DataFrame()), pd.DataFrame())
        twice = pd.DataFrame([[1, "a"]], columns=["x", "x"])
        pd.testing.assert_frame_equal(crossed(twice), twice)
        assert crossed({"f": [frame]})["f"][0].equals(frame)

    def test_indexes(self) -> None:
        pd = self.pd
        for index in (
            pd.RangeIndex(2, 8, 3, name="r"),
            pd.Index([3, 1], name=("a", 1)),
            pd.Index(["x", "y"]),
            pd.Index([1, "x"], dtype=object),
            pd.date_range("2020", periods=3, freq="D", name="d"),
            pd.date_range("2020", periods=3, freq="MS", tz="UTC"),
            pd.CategoricalIndex(["a", "b"]),
            pd.MultiIndex.from_product([["a", "b"], [1, 2]], names=["l", None]),
            pd.interval_range(0, 2),
            pd.period_range("2020", periods=2, freq="Q"),
            pd.to_timedelta([1, 2], unit="s"),
        ):
            back = crossed(index)
            pd.testing.assert_index_equal(back, index, exact=True)
            assert getattr(back, "freqstr", None) == getattr(index, "freqstr", None)
        grouped = pd.DataFrame({"k": ["a", "b", "a"], "v": [1, 2, 3]}).groupby("k").agg(["sum", "mean"])
        pd.testing.assert_frame_equal(crossed(grouped), grouped)

    def test_single_values(self) -> None:
        pd = self.pd
        for value in (
            pd.Timestamp("2020-01-01 12:00:00.123456789"),
            pd.Timestamp("2020-01-01", tz="Europe/Berlin"),
            pd.Timedelta(5, "ns"),
            pd.Period("2020-01", "M"),
            pd.Interval(0, 2.5, "both"),
        ):
            back = crossed(value)
            assert back == value
            assert type(back) is type(value)
        assert crossed(pd.NaT) is pd.NaT
        assert crossed([pd.NA])[0] is pd.NA
        assert crossed(pd.Series(["a", "b"]).unique()).equals(pd.Series(["a", "b"]).unique())

    def test_what_cannot_cross_is_refused(self) -> None:
        pd = self.pd
        for value in (
            pd.arrays.SparseArray([0, 1]),
            pd.Series([object()]),
            pd.DataFrame({"a": [1]}).groupby("a"),
            pd.DataFrame({"a": [1]}).rolling(2),
        ):
            with pytest.raises(wire.NotPlainError):
                wire.pack(value)

    def test_nothing_is_unpickled_and_no_metadata_is_believed(self) -> None:
        frame = self.pd.DataFrame({"a": [1]})
        frame.attrs["note"] = object()
        assert crossed(frame).attrs == {}

    @settings(max_examples=30, deadline=None)
    @given(st.data())
    def test_any_frame_of_plain_columns(self, data: Any) -> None:
        from hypothesis.extra import pandas as hpd

        pd = self.pd
        frame = data.draw(
            hpd.data_frames(
                [
                    hpd.column("i", dtype=np.int64),
                    hpd.column("f", dtype=np.float64),
                    hpd.column("b", dtype=bool),
                    hpd.column("s", elements=st.text(max_size=5) | st.none(), dtype=object),
                ]
            )
        )
        pd.testing.assert_frame_equal(crossed(frame), frame)
