# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The Debian packages that ./run, ./test and the tools need, and how they are installed. Sourced. docs/dependencies.md says
# what each library is for.

# shellcheck disable=SC2034  # Used by the scripts that source this file.
build_packages=(cmake ninja-build g++ python3 libfmt-dev nlohmann-json3-dev liburing-dev libslirp-dev libfdt-dev nettle-dev zlib1g-dev libzstd-dev libcapstone-dev libpng-dev libvncserver-dev libgtest-dev)
guest_packages=(apt dpkg cpio debian-archive-keyring kmod xz-utils)
test_packages=(qemu-utils gdb-multiarch binutils gcc-aarch64-linux-gnu binutils-aarch64-linux-gnu libc6-dev-arm64-cross mtools xorriso acpica-tools seabios
    debootstrap fakeroot fdisk e2fsprogs openssh-client)
tidy_packages=(clang-tidy clang-format)

# as_root COMMAND...: runs it as it is for root, by sudo for everybody else.
as_root() {
    if ((EUID == 0)); then
        "$@"
    elif command -v sudo > /dev/null; then
        sudo "$@"
    else
        echo "This needs root, and there is no sudo. Run as root: $*" >&2
        return 1
    fi
}

# install_missing PACKAGE...: installs those that are not installed; silent and quick if all are.
install_missing() {
    local package missing=()
    for package; do
        [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2> /dev/null) == installed ]] || missing+=("$package")
    done
    ((${#missing[@]} > 0)) || return 0
    echo "== installing ${missing[*]}" >&2
    local install=(env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install "${missing[@]}")
    # Package lists may be missing or out of date; reading them anew takes longer than most installs.
    as_root "${install[@]}" > /dev/null 2>&1 && return 0
    as_root apt-get -qq update && as_root "${install[@]}" > /dev/null
}
