"""How parts of kernels are compiled: as far as kernels link them, and no further.

By itself Numba makes a whole program of every function: optimised with all of its own parts in it, translated to
machine code, with one wrapper for calls from Python and one for calls from C. Of a part nothing but what a kernel
links is ever used, and where parts are many levels deep that is most of the time that compiling takes.
"""

from typing import Any

from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import register_pass
from numba.core.typed_passes import NativeLowering
from typing_extensions import override


class PartCompiler(CompilerBase):
    """Numba's compiler with another last step."""

    @override
    def define_pipelines(self) -> list[Any]:
        """Return the one way in which a part is compiled."""
        manager = DefaultPassBuilder.define_nopython_pipeline(self.state)  # type: ignore[no-untyped-call]
        manager.add_pass_after(_LowerPart, NativeLowering)
        manager.passes = [each for each in manager.passes if each[0] is not NativeLowering]
        manager.finalize()
        return [manager]


class _PartLibrary(JITCodeLibrary):
    """A part's code with that of its own parts, neither optimised nor translated: kernels are, with all of it."""

    @override
    def finalize(self) -> None:
        for library in dict.fromkeys(self._linking_libraries):
            self._reload_init.update(library._reload_init)  # noqa: SLF001  (as the method does that this one replaces)
            self._final_module.link_in(library._get_module_for_linking(), preserve=True)  # noqa: SLF001
        self._finalized = True


@register_pass(mutates_CFG=True, analysis_only=False)  # type: ignore[no-untyped-call]
class _LowerPart(NativeLowering):
    """Turn a typed function into code for kernels to link."""

    _name = "lower_part"

    @override
    def run_pass(self, state: Any) -> bool:
        library: Any = _PartLibrary
        state.library = library(state.targetctx.codegen(), state.func_id.func_qualname)
        state.flags.no_compile = True
        super().run_pass(state)  # type: ignore[no-untyped-call]
        by = list[Any]().index  # Numba knows functions by an object that it takes for compiled, each by its own
        state.cr = state.cr._replace(cfunc=by)
        state.targetctx.insert_user_function(by, state.cr.fndesc, [state.library])
        return True
