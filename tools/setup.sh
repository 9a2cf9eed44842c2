# shellcheck shell=bash
# What `run` and `test` both need; sourced by them from the repository's root.
#
# Each step looks first whether its work is done, so that a second call costs next to nothing.
# Given are git, rustup and Node 20 or newer. On Debian and Ubuntu the rest is installed, as root or
# with sudo; elsewhere the names of what is missing are printed.

step_number=0
step_count=0 # set by the caller
started_at=$SECONDS

# Prints one line of progress.
step() {
  step_number=$((step_number + 1))
  printf '[%d/%d] %s (%d s)\n' "$step_number" "$step_count" "$1" "$((SECONDS - started_at))"
}

fail() {
  printf '%s: %s\n' "${0##*/}" "$1" >&2
  exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

have_postgres() {
  have postgres || compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null ||
    compgen -G '/opt/homebrew/opt/postgresql*/bin/postgres' >/dev/null ||
    compgen -G '/usr/local/opt/postgresql*/bin/postgres' >/dev/null ||
    compgen -G '/usr/pgsql-*/bin/postgres' >/dev/null
}

# Whether a tool is there. Debian packs by itself what Python needs to make a folder of its own.
has_tool() {
  if [[ $1 == python3-venv ]]; then python3 -c 'import ensurepip, venv' 2>/dev/null; else have "$1"; fi
}

as_root() {
  if [[ $EUID == 0 ]]; then "$@"; else sudo "$@"; fi
}

apt_install() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$@" >/dev/null
}

# Debian would start a database of its own on installing; ours is private to Mendian.
install_postgres() {
  apt_install postgresql-common
  as_root sed -i 's/^#* *create_main_cluster *=.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf
  apt_install postgresql
}

# Installs what the system lacks. Arguments: none, or further commands that Debian packages of the same
# name bring.
# shellcheck disable=SC2120
set_up_system() {
  local missing=()
  have rustup || fail 'rustup is missing: see https://rustup.rs'
  { have node && have npm; } || fail 'Node.js 20 or newer is missing: see https://nodejs.org'
  (($(node -p 'process.versions.node.split(".")[0]') >= 20)) || fail "Node.js 20 or newer is needed, here is $(node --version)"
  have cc || missing+=(gcc libc6-dev)
  have_postgres || missing+=(postgresql)
  local tool
  for tool in "$@"; do
    has_tool "$tool" || missing+=("$tool")
  done
  ((${#missing[@]})) || return 0

  have apt-get || fail "please install first: ${missing[*]} (PostgreSQL must be 15 or newer)"
  [[ $EUID == 0 ]] || have sudo || fail "please install first, as root: apt-get install ${missing[*]}"
  echo "      installing ${missing[*]}"
  as_root apt-get update -qq
  local package
  for package in "${missing[@]}"; do
    if [[ $package == postgresql ]]; then install_postgres; else apt_install "$package"; fi
  done
}

set_up_rust() {
  # The first call of rustc in this folder fetches the toolchain that rust-toolchain.toml names.
  local target=wasm32-unknown-unknown
  [[ -d "$(rustc --print sysroot)/lib/rustlib/$target" ]] || rustup target add "$target"
}

# The packages are installed anew whenever the lock file has changed.
set_up_npm() {
  local stamp=node_modules/.lock-checksum sum
  sum=$(cksum <package-lock.json)
  [[ -f $stamp && $(<"$stamp") == "$sum" ]] && return
  npm ci --no-audit --no-fund --loglevel=error
  echo "$sum" >"$stamp"
}

# The API's test, in a folder of its own; installed anew whenever its list has changed.
set_up_python() {
  local list=end2end/api/requirements.txt stamp=target/python/.list-checksum sum
  sum=$(cksum <"$list")
  [[ -f $stamp && $(<"$stamp") == "$sum" ]] && return
  python3 -m venv --clear target/python
  target/python/bin/pip install --quiet --disable-pip-version-check -r "$list"
  echo "$sum" >"$stamp"
}

# What browsers load, with a program that packs it and nothing else.
build_site() {
  cargo build --package bundle
  pack_site
}

# The same, where all programs are built. BUNDLE=--fast trades size for time.
pack_site() {
  # Unquoted: no option is no argument.
  # shellcheck disable=SC2086
  target/debug/bundle ${BUNDLE:-}
}
