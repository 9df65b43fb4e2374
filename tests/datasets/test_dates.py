"""Dates as text: held against NumPy and pandas, which read them by code of their own."""

import numpy as np
import pandas as pd
import pytest

from study.datasets.dates import FORMATS, ISO, days, format_of, holds

RANGE = pd.date_range("1969-01-28", "2067-12-20", freq="97D13h")


def test_iso_dates_are_the_days_that_numpy_counts():
    texts = np.datetime_as_string(RANGE.to_numpy(), unit="s").tolist()
    expected = RANGE.to_numpy().astype("datetime64[s]").astype(np.int64) / 86400
    np.testing.assert_allclose(days(texts, ISO), expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize("written", [written for written in FORMATS if written != ISO])
def test_each_known_format_is_read_as_pandas_reads_it(written):
    texts = RANGE.strftime(written).tolist()
    expected = pd.to_datetime(pd.Series(texts), format=written).astype("datetime64[s]")
    np.testing.assert_allclose(days(texts, written), expected.astype(np.int64) / 86400, atol=1e-9)


@pytest.mark.parametrize("written", [ISO, "%d/%m/%Y", "%m/%d/%Y %H:%M", "%d.%m.%Y", "%d %b %Y"])
def test_the_format_is_found_where_all_dates_tell_it(written):
    made = "%Y-%m-%d" if written == ISO else written
    assert format_of(RANGE.strftime(made).tolist()) == written


@pytest.mark.parametrize("texts", [["03/04/2020", "05/06/2020"], ["1.2.20"], ["01-02-03"]])
def test_an_order_of_day_and_month_that_may_be_either_is_refused_with_the_lines_that_say_it(texts):
    with pytest.raises(ValueError, match=r"may be either .*format = .* or format = "):
        format_of(texts)


def test_an_order_that_makes_no_difference_is_none_to_ask_about():
    assert days(["05/05/2020"], format_of(["05/05/2020"])).tolist() == [18387.0]


def test_one_day_after_the_twelfth_tells_the_order():
    assert format_of(["03/04/2020", "13/04/2020"]) == "%d/%m/%Y"
    assert format_of(["03/04/2020", "04/13/2020"]) == "%m/%d/%Y"


@pytest.mark.parametrize(
    "texts",
    [[], ["spring"], ["2020-02-30"], ["2020-01-01", "01/31/2020"], ["12:30"], ["2020-1-1x"]],
)
def test_what_is_no_date_or_is_written_in_several_ways_is_refused(texts):
    with pytest.raises(ValueError, match="date"):
        format_of(texts)


def test_times_with_an_offset_are_told_in_utc():
    noon = days(["2020-01-31T12:00:00Z", "2020-01-31T14:00:00+02:00"], ISO)
    assert noon.tolist() == [18292.5, 18292.5]


def test_digits_that_nothing_parts_stand_in_full():
    assert days(["20200131"], "%Y%m%d").tolist() == [18292.0]
    with pytest.raises(ValueError, match="'2020111' is no date written as %Y%m%d"):
        days(["2020111"], "%Y%m%d")


def test_a_format_says_what_of_a_date_it_holds():
    assert holds("%d/%m/%Y") == {"year", "month", "day"}
    assert holds("%H:%M") == {"hour"}
    assert holds(ISO) == {"year", "month", "day", "hour"}
    with pytest.raises(ValueError, match="'%Q' is no format of dates"):
        holds("%Q")
