// SPDX-License-Identifier: Apache-2.0
// Kernels for an x86 machine that begin in 32-bit protected mode: an ELF file with a PVH entry (Xen's
// docs/misc/pvh.pandoc), and Linux's bzImage (Documentation/arch/x86/boot.rst, protocol 2.06 and later).
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "base/types.h"
#include "firmware/input_file.h"

namespace kelvin::firmware {

enum class X86KernelFormat : u8 { pvh, linux };

struct LoadedX86Kernel {
    Gpa entry;
    Gpa start;  ///< first byte that the kernel uses
    Gpa end;  ///< first byte behind what it uses, its zeroed data and the room that it needs to unpack itself included
};

/// A kernel file, open and examined. Its content is read when it is loaded, straight into guest RAM.
class X86Kernel {
  public:
    static Result<X86Kernel> open(const std::string& path);

    X86KernelFormat format() const { return format_; }
    /// Of bzImage: its setup header, from offset 0x1f1 of the file on; a copy of it goes to the kernel.
    std::span<const u8> setup_header() const { return setup_header_; }
    /// How long its command line may be, without the zero behind it.
    u64 max_arguments() const;
    /// The highest address that may hold its initial RAM disk.
    u64 max_initrd_address() const;

    Result<LoadedX86Kernel> load(RamView ram) const;

  private:
    struct Segment {
        u64 file_offset;
        u64 file_size;
        Gpa address;
        u64 memory_size;
    };

    explicit X86Kernel(InputFile file) : file_(std::move(file)) {}
    Result<> examine();
    template <class Layout>
    Result<> examine_elf(std::span<const u8> head);
    Result<> find_entry(u64 offset, u64 size);
    Result<> examine_linux(std::span<const u8> head);
    Error not_accepted(std::span<const u8> head) const;
    Error damaged(const std::string& what) const;

    InputFile file_;
    X86KernelFormat format_ = X86KernelFormat::pvh;
    std::vector<u8> setup_header_;
    std::vector<Segment> segments_;
    bool has_entry_ = false;
    Gpa entry_{};
};

}  // namespace kelvin::firmware
