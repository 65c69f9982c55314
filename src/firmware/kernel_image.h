// SPDX-License-Identifier: Apache-2.0
// Kernels for an AArch64 machine: Linux Image (plain, gzip, EFI zboot), ELF, and flat binaries.
// Formats: Linux Documentation/arch/arm64/booting.rst; drivers/firmware/efi/libstub zboot header; ELF-64 gABI.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/types.h"
#include "firmware/input_file.h"

namespace kelvin::firmware {

enum class KernelFormat : u8 {
    image,       ///< arm64 Linux Image
    image_gzip,  ///< the same, gzip-compressed
    zboot,       ///< the same, inside an EFI zboot program
    elf,         ///< 64-bit little-endian AArch64 ELF
    flat,        ///< nothing known: raw code
};

struct LoadedKernel {
    Gpa entry;
    Gpa start;            ///< first byte that the kernel uses
    Gpa end;              ///< first byte behind what it uses, its zeroed data included
    bool linux_protocol;  ///< entered as booting.rst says; false for ELF
};

/// A kernel file, open and examined. Its content is read when it is loaded, straight into guest RAM, so that a reset
/// can load it again without a copy being kept.
class KernelImage {
  public:
    static Result<KernelImage> open(const std::string& path);

    KernelFormat format() const { return format_; }
    /// A line for the user when the file is accepted but may not be what was meant; empty otherwise.
    std::string note() const;

    Result<LoadedKernel> load(RamView ram) const;

  private:
    struct Payload {
        u64 offset;
        u64 size;
    };
    struct Header {  ///< of an Image
        u64 text_offset;
        u64 image_size;
        u64 flags;
    };
    struct Segment {  ///< of an ELF file
        u64 file_offset;
        u64 file_size;
        Gpa address;
        u64 memory_size;
    };

    explicit KernelImage(InputFile file) : file_(std::move(file)) {}

    Result<> examine();
    Result<> examine_image(std::span<const u8> head, bool whole_file);
    Result<> examine_compressed(Payload payload);
    Result<> examine_zboot(std::span<const u8> head);
    Result<> examine_elf(std::span<const u8> head);
    Result<> add_segment(std::span<const u8> entry, u64 index);
    Result<> check_sections(std::span<const u8> head) const;
    Error not_accepted(std::span<const u8> head, const char* where) const;
    Error cut(u64 needed) const;

    Result<LoadedKernel> load_stream(RamView ram) const;
    Result<LoadedKernel> load_elf(RamView ram) const;

    InputFile file_;
    KernelFormat format_ = KernelFormat::flat;
    Payload payload_{};
    Header header_{};
    std::vector<Segment> segments_;
    u64 elf_entry_virtual_ = 0;
    Gpa elf_entry_{};
};

}  // namespace kelvin::firmware
