"""Trees of variables that are known to fit, put together without xarray's checks.

xarray's constructors align and merge what they are given, look for conflicts, and copy each variable several times. All
variables of a radar volume are made in one place and fit, and its sweeps are many: those checks took longer than
decoding most files. ``tree`` therefore fills the nodes as xarray's own methods would leave them, by names that are
private to xarray. Nobody promised them, so the first call makes a small tree both ways: where one fails, or they are
not the same, all trees are made by the public constructors.

A tree and its nodes hold each other, so that a volume nobody needs any more would keep its memory until Python's
garbage collector comes by, which may be ten volumes later. ``let_go`` finds trees that are held by nothing but
themselves, and takes them apart; their memory is then free at once.
"""

import functools
import gc
import itertools
import sys
import weakref
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import xarray as xr
from xarray.indexes import Index, PandasIndex

Variables = dict[Hashable, xr.Variable]


@dataclass
class Group:
    """What one node holds: data variables, coordinates in their order, the indexes of those that have one."""

    data: Variables
    coords: Variables = field(default_factory=dict)
    indexes: dict[Hashable, Index] = field(default_factory=dict)
    attrs: dict[Hashable, Any] = field(default_factory=dict)


def variable(dims: tuple[Hashable, ...], values: Any, attrs: Mapping[str, Any] | None = None) -> xr.Variable:
    """A variable of a NumPy array as it is, or of one value."""
    return xr.Variable(dims, values if isinstance(values, np.ndarray) else np.asarray(values), attrs, fastpath=True)


def index(group: Group, name: Hashable, made: Index | None = None) -> Index:
    """Make a coordinate of its own dimension one with an index, a new one or one made of the same values before."""
    plain = group.coords[name]
    made = made or PandasIndex(plain.data, name, coord_dtype=plain.dtype)
    group.coords |= made.create_variables({name: plain})
    group.indexes[name] = made
    return made


def tree(root: Group, children: Mapping[str, Group]) -> xr.DataTree:
    """A root and its children, all of whose variables and indexes are their own and fit."""
    return watched(_unchecked(root, children) if _is_as_checked() else _checked(root, children))


def copy(given: xr.DataTree) -> xr.DataTree:
    """A tree in which ``add`` leaves the one it is of as it was; they share the values of their variables."""
    return watched(_copied(given) if _is_as_checked() and _is_plain(given) else given.copy())


def add(node: xr.DataTree, variables: Variables) -> None:
    """Put data variables that fit into a node, over those of the same names."""
    if _is_as_checked() and not any(name in node.coords for name in variables):
        node._data_variables |= variables
    else:
        node.update(variables)


def watched(made: xr.DataTree) -> xr.DataTree:
    """A tree that ``let_go`` looks after from now on."""
    key = next(_keys)
    _made[key] = weakref.ref(made, lambda _: _made.pop(key, None))
    return made


def let_go() -> None:
    """Take apart what was made here and nothing outside holds any more, neither a tree nor one of its nodes."""
    if not _made or not _is_as_checked():
        return
    for seen in list(_made.values()):
        if _holders(seen) == _nobody():
            _take_apart(seen)


_keys = itertools.count()
_made: dict[int, weakref.ref[xr.DataTree]] = {}


def _holders(seen: weakref.ref[xr.DataTree]) -> tuple[int, int, set[int]]:
    """How many references there are to a tree, without those of its children, to the list of these, and to each."""
    root = seen()
    if root is None:
        return 0, 0, set()
    counts = set()
    for child in root._children.values():
        counts.add(-1 if child._children else sys.getrefcount(child))  # -1: a tree of another shape
    return sys.getrefcount(root) - len(root._children), sys.getrefcount(root._children), counts


def _take_apart(seen: weakref.ref[xr.DataTree]) -> None:
    root = seen()
    for child in root._children.values() if root is not None else ():
        child._parent = None


@functools.cache
def _nobody() -> tuple[int, int, set[int]] | None:
    """What ``_holders`` finds of a tree nothing outside holds: a matter of Python. None where it does not tell."""
    collects = gc.isenabled()
    gc.disable()
    try:
        held = _unchecked(*_sample())
        by_child = _unchecked(*_sample())
        seen, child = weakref.ref(by_child), by_child["child"]
        by_list = _unchecked(*_sample())
        listed, children = weakref.ref(by_list), by_list.children
        del by_child, by_list
        alone = _holders(weakref.ref(_unchecked(*_sample())))
        others = [_holders(weakref.ref(held)), _holders(seen), _holders(listed)]
        told = alone not in others and child.parent is seen() and children["child"].parent is listed()
        return alone if told else None
    finally:
        if collects:
            gc.enable()


def _checked(root: Group, children: Mapping[str, Group]) -> xr.DataTree:
    return xr.DataTree.from_dict({"/": _dataset(root)} | {name: _dataset(group) for name, group in children.items()})


def _dataset(group: Group) -> xr.Dataset:
    return xr.Dataset(group.data, xr.Coordinates(group.coords, group.indexes), group.attrs)


def _unchecked(root: Group, children: Mapping[str, Group]) -> xr.DataTree:
    made = _node(root)
    for name, group in children.items():
        child = _node(group)
        child._name, child._parent = name, made
        made._children[name] = child
    return made


def _node(group: Group) -> xr.DataTree:
    node = xr.DataTree.__new__(xr.DataTree)
    node._name = node._parent = node._encoding = node._close = None
    node._children = {}
    node._data_variables, node._node_coord_variables = group.data, group.coords
    node._node_indexes, node._attrs = group.indexes, group.attrs
    dims: dict[Hashable, int] = {}
    for variables in (group.data, group.coords):
        for one in variables.values():
            dims.update(zip(one.dims, one.shape, strict=True))
    node._node_dims = dims
    return node


def _is_plain(given: xr.DataTree) -> bool:
    """Whether it is a whole tree, and of nodes as they are made here."""
    return given.parent is None and all(type(node) is xr.DataTree for node in given.subtree)


def _copied(given: xr.DataTree) -> xr.DataTree:
    group = Group({}, {}, dict(given._node_indexes), dict(given._attrs or {}))
    for to, variables in ((group.data, given._data_variables), (group.coords, given._node_coord_variables)):
        to |= {name: one.copy(deep=False) for name, one in variables.items()}
    made = _node(group)
    made._name, made._encoding = given._name, dict(given._encoding) if given._encoding else None
    for name, child in given._children.items():
        made._children[name] = _copied(child)
        made._children[name]._parent = made
    return made


@functools.cache
def _is_as_checked() -> bool:
    """Whether both ways lead to the same tree, and to the same copy."""
    try:
        ours, theirs = (make(*_sample()) for make in (_unchecked, _checked))
        return _is_same(ours, theirs) and _is_same(_copied(theirs), theirs.copy())
    except (AttributeError, TypeError, ValueError):
        return False


def _is_same(ours: xr.DataTree, theirs: xr.DataTree) -> bool:
    return (
        ours.identical(theirs)
        and list(map(_facts, ours.subtree)) == list(map(_facts, theirs.subtree))
        and all(_slots(node) == _slots(xr.DataTree()) for node in ours.subtree)
        and all(child.parent is ours for child in ours.children.values())
    )


def _sample() -> tuple[Group, dict[str, Group]]:
    root = Group({"number": variable((), 0)}, {"place": variable((), 1.0, {"units": "m"})}, attrs={"title": "sample"})
    child = Group({"cells": variable(("x", "y"), np.zeros((2, 3), np.float32), {"units": "dBZ"})})
    for name, n in (("x", 2), ("z", 2), ("y", 3)):
        child.coords[name] = variable(("x" if name == "z" else name,), np.arange(n, dtype=np.float32))
    index(child, "x")
    index(child, "y")
    return root, {"child": child}


def _slots(node: xr.DataTree) -> set[str]:
    """What is set in a node of what xarray's classes have places for."""
    places = {name for kind in xr.DataTree.__mro__ for name in getattr(kind, "__slots__", ())}
    return {name for name in places if hasattr(node, name)} | set(vars(node))


def _facts(node: xr.DataTree) -> tuple[Any, ...]:
    """What ``identical`` does not look at."""
    data = node.to_dataset()
    kinds = [(name, type(one), one.dtype) for name, one in data.variables.items()]
    return node.name, node.path, list(data.coords), dict(data.sizes), list(data.xindexes), kinds, node.encoding
