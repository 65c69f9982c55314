// SPDX-License-Identifier: Apache-2.0
// A file that the user named for the guest: kernel, initrd, device tree. Its content is hostile until checked.
#pragma once

#include <span>
#include <string>

#include "base/fd.h"
#include "base/result.h"
#include "base/types.h"

namespace kelvin::firmware {

/// Guest RAM as loaders see it while no vCPU runs.
struct RamView {
    Gpa base;
    std::span<u8> bytes;

    u64 size() const { return bytes.size(); }
    Gpa end() const { return base + bytes.size(); }
    /// True if [start, start + length) lies inside.
    bool contains(Gpa start, u64 length) const {
        return start >= base && start - base <= size() && length <= size() - (start - base);
    }
    /// The bytes at `start`; contains(start, length) must hold.
    std::span<u8> slice(Gpa start, u64 length) const { return bytes.subspan(start - base, length); }
};

/// A regular file, not empty, kept open so that a reset reads the same file again.
class InputFile {
  public:
    /// `role` is what messages call it: "kernel", "initrd", "device tree".
    static Result<InputFile> open(std::string role, std::string path);

    u64 size() const { return size_; }
    const std::string& path() const { return path_; }
    /// "kernel '/boot/vmlinuz'": how every message about the file begins.
    std::string name() const { return role_ + " '" + path_ + "'"; }

    /// Fills `out` from `offset`; a file that has become shorter is an error.
    Result<> read(u64 offset, std::span<u8> out) const;

  private:
    InputFile(Fd fd, u64 size, std::string role, std::string path)
        : fd_(std::move(fd)), size_(size), role_(std::move(role)), path_(std::move(path)) {}

    Fd fd_;
    u64 size_;
    std::string role_;
    std::string path_;
};

/// "12.5 MiB", "4 GiB", "17 bytes".
std::string format_size(u64 bytes);

}  // namespace kelvin::firmware
