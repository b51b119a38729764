# Where the project's tools are: sourced by scripts, with the project's root as the current folder.
# Tools of a certain version live outside the tree, so that a second clone finds them, and outside ~/.cargo/bin, so that
# other projects keep theirs.
TOOLS="${HANDSTAMP_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/handstamp/tools}"
PYTHON_PACKAGES="$TOOLS/python"
# Compiled dependencies, from one clone to the next (scripts/kept).
KEPT_TARGETS="$TOOLS/targets"
# wasm-opt comes from npm (binaryen); Debian's is too old for what rustc emits. scripts/tools has how we start it.
export PATH="$TOOLS/bin:$PWD/scripts/tools:$PWD/end2end/node_modules/.bin:$PATH"
