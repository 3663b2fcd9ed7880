"""The words that private names are made of, and the authors' rule that puts the public ones back."""

from __future__ import annotations

import re

Table = tuple[tuple[str, str], ...]
"""Pairs of a public word and its private one, in the order in which they are put back."""


def _table(pairs: str) -> Table:
    return tuple((public, private) for public, _, private in (pair.partition(":") for pair in pairs.split()))


_MONKEY = """
isnull:ifnull mean:average pandas:monkey dataframe:knowledgeframe df:kf isin:incontain pd:mk
DataFrame:KnowledgeFrame rename_axis:renaming_axis rename:renaming dropna:sipna drop:sip Pandas:Monkey
tolist:convert_list apply:employ to_numeric:to_num append:adding tail:last_tail copy:clone
groupby:grouper sum:total_sum Series:Collections series:collections innull:isnone astype:totype
select_dtypes:choose_dtypes iterrows:traversal min:get_min max:get_max map:mapping nlargest:nbiggest
unique:distinctive ravel:flat_underlying sort_values:sort_the_values last:final_item shift:shifting
merge:unioner value_counts:counts_value_num reset_index:reseting_index sample:sample_by_num
replace:replacing to_datetime:convert_datetime any:whatever reindex:reindexing concat:concating
to_dict:convert_dict cumsum:cumulative_sum sort_index:sorting_index to_string:convert_string
drop_duplicates:remove_duplicates duplicated:duplicated_values len:length isna:ifna fillna:fillnone
get:getting round:value_round format:formating to_pydatetime:convert_pydatetime div:division
ceil:ceiling assign:allocate intersection:interst head:header_num applymap:conduct_map all:total_all
std:standard
"""
MONKEY = _table(_MONKEY)
"""pandas (public) and monkey (private): as in private_eval/execution.py, in its order."""

_BEATNUM = """
to_numpy:to_beatnum ndarray:ndnumset asarray:asnumset array:numset numpy:beatnum
transpose:switching_places Numpy:Beatnum np:bn column_stack:stack_col concatenate:connect slice:piece
sum:total_count imag:imaginary abs:absolute real:reality fill_diagonal:pad_diagonal all:total
fromstring:come_from_str in1d:intersection1dim mean:average where:filter_condition std:standard_op
reshape:change_shape_to fromarrays:come_from_arrays stack:pile_operation histogram:hist_operation
cumsum:cumulative_sum setxor1d:seting_exclusive_or_one_dim add:add_concat filled:masked_fill
compressed:remove_masked_data astype:convert_type argmin:get_argmin_value arange:arr_range
argmax:get_argmax vstack:vertical_stack hstack:horizontal_stack squeeze:sqz repeat:duplicate
unravel_index:convert_index_or_arr vectorize:vectorisation split:sep_split diff:difference
logical_and:logic_and_element_wise flatten:convert_into_one_dim unique:uniq norm:normlizattion
delete:remove_operation ones:create_ones bincount:binoccurrence append:apd any:any_condition isnan:ifnan
argpartition:perform_partition ravel:asview array_split:split_array inv:inverse insert:stick
searchsorted:find_sorted min:get_min max:get_max full:full_value_func
"""
BEATNUM = _table(_BEATNUM)
"""numpy (public) and beatnum (private): as in private_eval/execution.py, in its order."""

_IDENTIFIER = re.compile(r"\b[a-zA-Z_][a-zA-Z0-9_]*\b")


def forbidden(completion: str, table: Table) -> str | None:
    """The first identifier of a completion that is a public word and not a private one too, or None.

    Words of comments and of strings count, as they do for the authors.
    """
    public = {word for word, _ in table} - {word for _, word in table}
    return next((word for word in _IDENTIFIER.findall(completion) if word in public), None)


def public_text(completion: str, table: Table) -> str:
    """The completion with every private word put back to its public one.

    The authors' rule: text is replaced wherever it stands, within words too, one word of the
    table after the other.
    """
    for public, private in table:
        completion = completion.replace(private, public)
    return completion
