# The paths of the project's tools. Scripts source this file with the project's root as the current folder. Tools with
# fixed versions are outside the tree, so that a second clone finds them, and outside ~/.cargo/bin, so that other
# projects keep theirs.
TOOLS="${HANDSTAMP_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/handstamp/tools}"
PYTHON_PACKAGES="$TOOLS/python"
PYTHON_CLIENTS="$TOOLS/python-clients"
# Compiled dependencies, from one clone to the next (scripts/kept).
KEPT_TARGETS="$TOOLS/targets"
# wasm-opt comes from npm (binaryen), because Debian's is too old for the output of rustc. scripts/tools has how we start it.
export PATH="$PWD/scripts/tools:$TOOLS/bin:$PWD/end2end/node_modules/.bin:$PATH"
