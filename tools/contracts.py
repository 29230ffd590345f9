"""The contracts of the house that import-linter cannot say by itself: doors, pure models, libraries in their place."""

import sys
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output

# A model decides from what it is given: these modules of the standard library would let it look at the world.
IO_MODULES = frozenset(
    {
        "asyncio",
        "ftplib",
        "io",
        "logging",
        "multiprocessing",
        "os",
        "pathlib",
        "select",
        "selectors",
        "shutil",
        "signal",
        "smtplib",
        "socket",
        "sqlite3",
        "ssl",
        "subprocess",
        "tempfile",
        "threading",
        "urllib",
        "webbrowser",
    }
)
# What lies at the bottom may ask the operating system for random bits, and for nothing else of the list above.
IO_MODULES_OF_PURE = IO_MODULES - {"os"}


class Breach(NamedTuple):
    """One import that breaks a contract, with the next step for whoever wrote it."""

    importer: str
    imported: str
    next_step: str


class _HouseContract(Contract):
    """A contract whose breaches are single imports."""

    def breaches(self, graph: ImportGraph) -> Iterator[Breach]:
        """Yield every import that breaks this contract."""
        raise NotImplementedError

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Return whether the contract is kept, with its breaches."""
        breaches = sorted(set(self.breaches(graph)))
        lines = {breach: _lines(graph, breach) for breach in breaches}
        return ContractCheck(kept=not breaches, metadata={"breaches": lines})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Print each breach with its line and the next step."""
        breaches: dict[Breach, str] = check.metadata["breaches"]
        for breach, lines in breaches.items():
            output.print_error(f"- {breach.importer} -> {breach.imported} (l.{lines}): {breach.next_step}", bold=False)
        output.new_line()


class DoorsContract(_HouseContract):
    """A slice enters another only through its public modules; the wiring slice may also use the wired ones.

    Options: `root` package, `open` slices (anybody may use any module), `public` module names, the `wiring` slice
    and the `wired` module names it may import.
    """

    type_name = "doors"

    root = fields.StringField()
    open = fields.SetField(subfield=fields.StringField())
    public = fields.SetField(subfield=fields.StringField())
    wiring = fields.StringField()
    wired = fields.SetField(subfield=fields.StringField())

    def breaches(self, graph: ImportGraph) -> Iterator[Breach]:
        """Yield imports into another slice that do not enter through a door."""
        options: Any = self
        for importer, imported in _internal_imports(graph, options.root):
            slice_in, (slice_of, *inside) = _below(options.root, importer)[0], _below(options.root, imported)
            if slice_in == slice_of or slice_of in options.open:
                continue
            doors = options.wired if slice_in == options.wiring else options.public
            if not inside or inside[0] not in doors:
                yield Breach(importer, imported, f"enter {slice_of} through {' or '.join(sorted(doors))}")


class PureModelsContract(_HouseContract):
    """`model.py` reaches only the `pure` package, the errors of slices, and libraries that do no I/O.

    Options: `root` package, the `pure` package, `allowed_external` libraries. Checked transitively.
    """

    type_name = "pure_models"

    root = fields.StringField()
    pure = fields.StringField()
    allowed_external = fields.SetField(subfield=fields.StringField(), required=False, default=frozenset())

    def breaches(self, graph: ImportGraph) -> Iterator[Breach]:
        """Yield imports, made by the pure package, a model, or anything a model reaches, that are not pure."""
        options: Any = self
        for model in sorted(graph.modules):
            parts = _below(options.root, model)
            if parts[1:2] == ["model"] or _inside(model, [options.pure]):
                yield from self._breaches_from(graph, model, parts[0])

    def _breaches_from(self, graph: ImportGraph, model: str, slice_name: str) -> Iterator[Breach]:
        options: Any = self
        own = f"{options.root}.{slice_name}.model"
        waiting, seen = [model], {model}
        while waiting:
            importer = waiting.pop()
            for imported in graph.find_modules_directly_imported_by(importer):
                internal = _inside(imported, [options.root])
                # Rules are pure classes; the layers see to it that only those of lower slices are imported.
                if internal and (_inside(imported, [options.pure, own]) or _is_errors(options.root, imported)):
                    waiting += [imported] if imported not in seen else []
                    seen.add(imported)
                elif internal:
                    yield Breach(importer, imported, f"a model may import {options.pure} and errors only")
                elif not self._harmless(importer, imported):
                    yield Breach(importer, imported, "a model does no I/O: pass in what it needs")

    def _harmless(self, importer: str, imported: str) -> bool:
        options: Any = self
        banned = IO_MODULES_OF_PURE if _inside(importer, [options.pure]) else IO_MODULES
        return imported in options.allowed_external or (imported in sys.stdlib_module_names and imported not in banned)


def _is_errors(root: str, module: str) -> bool:
    return _below(root, module)[1:] == ["errors"]


class OnlyInContract(_HouseContract):
    """Some libraries are imported by some modules only.

    Options: `libraries` (root names), `modules` (a `*` stands for one name; what lies below a module counts as it).
    """

    type_name = "only_in"

    libraries = fields.SetField(subfield=fields.StringField())
    modules = fields.ListField(subfield=fields.StringField())

    def breaches(self, graph: ImportGraph) -> Iterator[Breach]:
        """Yield imports of the libraries from anywhere else."""
        options: Any = self
        for library in options.libraries & graph.modules:
            for importer in graph.find_modules_that_directly_import(library):
                if not any(_matches(importer, pattern) for pattern in options.modules):
                    yield Breach(importer, library, f"use {library} in {', '.join(options.modules)} only")


def _internal_imports(graph: ImportGraph, root: str) -> Iterator[tuple[str, str]]:
    for importer in graph.modules:
        if _below(root, importer):
            for imported in graph.find_modules_directly_imported_by(importer):
                if _below(root, imported):
                    yield importer, imported


def _below(root: str, module: str) -> list[str]:
    return module.removeprefix(f"{root}.").split(".") if module.startswith(f"{root}.") else []


def _inside(module: str, packages: Iterable[str]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def _matches(module: str, pattern: str) -> bool:
    names, wanted = module.split("."), pattern.split(".")
    return len(names) >= len(wanted) and all(w in ("*", n) for n, w in zip(names, wanted, strict=False))


def _lines(graph: ImportGraph, breach: Breach) -> str:
    details = graph.get_import_details(importer=breach.importer, imported=breach.imported)
    return ", ".join(str(detail["line_number"]) for detail in details)
