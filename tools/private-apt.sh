# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Downloads from Debian with an apt configuration of our own: other suites and architectures than the host's, signatures
# checked as always, nothing installed, nothing of the host's apt changed, no root. Sourced.

debian_mirror=${KELVIN_DEBIAN_MIRROR:-http://deb.debian.org/debian}
kelvin_cache=${XDG_CACHE_HOME:-$HOME/.cache}/kelvin
debian_keyring=/usr/share/keyrings/debian-archive-keyring.gpg

say() { printf '== %s\n' "$*" >&2; }
die() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; exit 1; }

# private_apt FOLDER ARCHITECTURE SUITE: makes a configuration in FOLDER, uses it from here on, and reads the suite's index.
private_apt() {
    local folder=$1 architecture=$2 suite=$3
    if ! command -v apt-get > /dev/null || ! command -v dpkg-deb > /dev/null; then
        die "needs apt and dpkg: run it on Debian"
    fi
    [[ -e $debian_keyring ]] || die "needs Debian's keys: apt-get install debian-archive-keyring"
    mkdir -p "$folder"/{lists,archives}/partial
    : > "$folder/status"
    echo "deb [arch=$architecture signed-by=$debian_keyring] $debian_mirror $suite main" > "$folder/sources.list"
    cat > "$folder/apt.conf" << CONF
APT::Architecture "$architecture";
APT::Architectures { "$architecture"; };
APT::Sandbox::User "root";
Acquire::Languages "none";
Acquire::Retries "3";
Dir::Etc::SourceList "$folder/sources.list";
Dir::Etc::SourceParts "/dev/null";
Dir::Etc::Preferences "/dev/null";
Dir::Etc::PreferencesParts "/dev/null";
Dir::State "$folder";
Dir::State::status "$folder/status";
Dir::State::lists "$folder/lists";
Dir::Cache "$folder";
CONF
    export APT_CONFIG=$folder/apt.conf
    say "reading the index of Debian $suite for $architecture"
    apt-get -qq update ||
        die "cannot read $debian_mirror: is there a network? KELVIN_DEBIAN_MIRROR names another mirror"
}

# download FOLDER PACKAGE...: the packages alone, without what they depend on, unpacked in FOLDER; prints name and version.
download() {
    local folder=$1 package size deb debs
    shift
    debs=$(mktemp -d "$folder/debs.XXXXXX")
    for package; do
        size=$(apt-cache show --no-all-versions "$package" | sed -n 's/^Size: //p')
        say "downloading $package ($(((${size:-0} + 1048575) / 1048576)) MiB)"
        (cd "$debs" && apt-get -qq download "$package") || die "cannot download $package from $debian_mirror"
    done
    for deb in "$debs"/*.deb; do
        dpkg-deb --extract "$deb" "$folder"
        # shellcheck disable=SC2016  # dpkg-deb's variables, not the shell's
        dpkg-deb --show --showformat '${Package} ${Version}\n' "$deb"
    done
    rm -rf "$debs"
}

# with_lock: takes the cache's lock until the script ends, so that two of them do not download the same thing.
with_lock() {
    mkdir -p "$kelvin_cache" || die "cannot make $kelvin_cache; XDG_CACHE_HOME names another place"
    exec 9> "$kelvin_cache/lock"
    flock 9
}
