// SPDX-License-Identifier: Apache-2.0
#include "firmware/kernel_image.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>

#include "base/bits.h"
#include "firmware/byte_source.h"
#include "firmware/file_kind.h"
#include "firmware/little_endian.h"

namespace kelvin::firmware {

namespace {

/// Enough of a file to recognise it, and to hold all headers of a PE file.
constexpr u64 kHeadSize = 4096;
constexpr u64 kImageHeaderSize = 64;
constexpr u64 kImageMagicOffset = 56;
constexpr u32 kImageMagic = 0x644d5241;  // "ARM\x64"
constexpr u64 kElfHeaderSize = 64;
constexpr u64 kProgramHeaderSize = 56;

/// Kernels that do not say where they want to be (booting.rst: an image_size of 0 means a text_offset of 0x80000).
constexpr u64 kDefaultTextOffset = 0x80000;
/// The bottom of RAM is where other virtual machines keep a boot stub; with a text_offset of 0 the kernel moves up by
/// its alignment, so that guests see the memory layout they know.
constexpr u64 kKernelAlignment = 0x200000;
constexpr u64 kLowReserve = 4096;

const char* const kAccepted =
    "accepted are an arm64 Linux Image, the same compressed with gzip or as EFI zboot program, and a 64-bit aarch64 "
    "ELF";

Result<std::vector<u8>> read_head(ByteSource& source) {
    std::vector<u8> head(kHeadSize);
    head.resize(KELVIN_TRY(source.read(head)));
    return head;
}

bool is_elf(std::span<const u8> head) {
    return head.size() >= 4 && head[0] == 0x7f && head[1] == 'E' && head[2] == 'L' && head[3] == 'F';
}

bool is_image(std::span<const u8> head) {
    return head.size() >= kImageHeaderSize && load_le<u32>(head, kImageMagicOffset) == kImageMagic;
}

bool is_zboot(std::span<const u8> head) {
    return head.size() >= kImageHeaderSize && std::memcmp(head.data(), "MZ", 2) == 0 &&
           std::memcmp(head.data() + 4, "zimg", 4) == 0;
}

}  // namespace

Result<KernelImage> KernelImage::open(const std::string& path) {
    KernelImage image(KELVIN_TRY(InputFile::open("kernel", path)));
    KELVIN_TRY(image.examine());
    return image;
}

std::string KernelImage::note() const {
    if (format_ != KernelFormat::flat) {
        return {};
    }
    return file_.name() + " has no known header: taken for a flat binary";
}

Error KernelImage::not_accepted(std::span<const u8> head, const char* where) const {
    const FileKind kind = identify_file(head);
    const std::string found = kind.what.empty() ? "unknown data (" + hex_start(head) + ")" : kind.what;
    return user_error(fmt::format("{}{} is {}, not an arm64 kernel", file_.name(), where, found),
                      kind.cure.empty() ? kAccepted : kind.cure + "\n  " + kAccepted);
}

Error KernelImage::cut(u64 needed) const {
    return user_error(fmt::format("{} is cut off: its headers speak of {} bytes, the file has {}", file_.name(), needed,
                                  file_.size()),
                      "was its download or copy interrupted?");
}

Result<> KernelImage::examine() {
    payload_ = {0, file_.size()};
    const auto source = plain_source(file_, 0, file_.size());
    const std::vector<u8> head = KELVIN_TRY(read_head(*source));
    if (is_zboot(head)) {
        return examine_zboot(head);
    }
    if (is_image(head)) {
        format_ = KernelFormat::image;
        return examine_image(head, true);
    }
    if (is_elf(head)) {
        return examine_elf(head);
    }
    if (head.size() >= 2 && head[0] == 0x1f && head[1] == 0x8b) {
        format_ = KernelFormat::image_gzip;
        return examine_compressed(payload_);
    }
    if (!identify_file(head).what.empty()) {
        return not_accepted(head, "");
    }
    return ok();  // a flat binary
}

Result<> KernelImage::examine_image(std::span<const u8> head, bool whole_file) {
    header_ = {load_le<u64>(head, 8), load_le<u64>(head, 16), load_le<u64>(head, 24)};
    if (bit(header_.flags, 0)) {
        return user_error(file_.name() + " is a big-endian arm64 kernel", "take a little-endian one");
    }
    if (header_.image_size == 0) {
        header_.text_offset = kDefaultTextOffset;
    }
    return whole_file ? check_sections(head) : ok();
}

/// A kernel with an EFI stub is a PE file, too, and its section table tells how long the file must be.
Result<> KernelImage::check_sections(std::span<const u8> head) const {
    constexpr u64 kCoffHeaderSize = 24;  // with the signature
    constexpr u64 kSectionSize = 40;
    const u64 pe = load_le<u32>(head, 60);
    if (std::memcmp(head.data(), "MZ", 2) != 0 || pe + kCoffHeaderSize > head.size() ||
        load_le<u32>(head, pe) != 0x4550) {
        return ok();
    }
    const u64 count = load_le<u16>(head, pe + 6);
    const u64 table = pe + kCoffHeaderSize + load_le<u16>(head, pe + 20);
    u64 needed = 0;
    for (u64 i = 0; i < count && table + (i + 1) * kSectionSize <= head.size(); ++i) {
        const u64 section = table + i * kSectionSize;
        needed = std::max(needed, u64{load_le<u32>(head, section + 16)} + load_le<u32>(head, section + 20));
    }
    return needed > file_.size() ? Result<>(cut(needed)) : ok();
}

Result<> KernelImage::examine_compressed(Payload payload) {
    payload_ = payload;
    const auto source = gzip_source(file_, payload.offset, payload.size);
    const std::vector<u8> head = KELVIN_TRY(read_head(*source));
    if (is_image(head)) {
        return examine_image(head, false);
    }
    return not_accepted(head, ", decompressed,");
}

/// "MZ", "zimg" at 4, the payload's offset and size at 8 and 12, the compression's name at 24.
Result<> KernelImage::examine_zboot(std::span<const u8> head) {
    format_ = KernelFormat::zboot;
    const Payload payload = {load_le<u32>(head, 8), load_le<u32>(head, 12)};
    if (payload.offset + payload.size > file_.size()) {
        return cut(payload.offset + payload.size);
    }
    const auto name = head.subspan(24, 32);
    const std::string compression(name.begin(), std::ranges::find(name, u8{0}));
    if (compression != "gzip") {
        const bool printable = std::ranges::all_of(compression, [](char c) { return c > ' ' && c < 0x7f; });
        return user_error(fmt::format("{} is an EFI zboot kernel compressed with {}, which is not supported",
                                      file_.name(), printable ? compression : "something unknown"),
                          kAccepted);
    }
    return examine_compressed(payload);
}

Result<> KernelImage::examine_elf(std::span<const u8> head) {
    constexpr u8 kClass64 = 2;
    constexpr u8 kLittleEndian = 1;
    constexpr u16 kAarch64 = 183;
    if (head.size() < kElfHeaderSize) {
        return cut(kElfHeaderSize);
    }
    if (head[4] != kClass64 || head[5] != kLittleEndian || load_le<u16>(head, 18) != kAarch64) {
        return not_accepted(head, "");
    }
    format_ = KernelFormat::elf;
    elf_entry_virtual_ = load_le<u64>(head, 24);
    elf_entry_ = Gpa{elf_entry_virtual_};
    const u64 table = load_le<u64>(head, 32);
    const u64 count = load_le<u16>(head, 56);
    if (load_le<u16>(head, 54) != kProgramHeaderSize || count == 0) {
        return user_error(file_.name() + " is an aarch64 ELF file without program headers",
                          "an object file? Link it to an executable");
    }
    if (table > file_.size() || count * kProgramHeaderSize > file_.size() - table) {
        return cut(std::max(table, table + count * kProgramHeaderSize));
    }
    std::vector<u8> entries(count * kProgramHeaderSize);
    KELVIN_TRY(file_.read(table, entries));
    for (u64 i = 0; i < count; ++i) {
        KELVIN_TRY(add_segment(std::span(entries).subspan(i * kProgramHeaderSize, kProgramHeaderSize), i));
    }
    if (segments_.empty()) {
        return user_error(file_.name() + " is an aarch64 ELF file with nothing to load");
    }
    return ok();
}

Result<> KernelImage::add_segment(std::span<const u8> entry, u64 index) {
    constexpr u32 kLoad = 1;
    const u64 virtual_address = load_le<u64>(entry, 16);
    const Segment segment = {load_le<u64>(entry, 8), load_le<u64>(entry, 32), Gpa{load_le<u64>(entry, 24)},
                             load_le<u64>(entry, 40)};
    if (load_le<u32>(entry, 0) != kLoad || segment.memory_size == 0) {
        return ok();
    }
    if (segment.file_size > segment.memory_size) {
        return user_error(fmt::format("{}: segment {} is larger in the file than in memory", file_.name(), index),
                          "the ELF file is damaged");
    }
    if (segment.file_offset > file_.size() || segment.file_size > file_.size() - segment.file_offset) {
        return cut(std::max(segment.file_offset, segment.file_offset + segment.file_size));
    }
    // The entry point is a virtual address, but the CPU starts with the MMU off.
    if (elf_entry_virtual_ >= virtual_address && elf_entry_virtual_ - virtual_address < segment.memory_size) {
        elf_entry_ = segment.address + (elf_entry_virtual_ - virtual_address);
    }
    segments_.push_back(segment);
    return ok();
}

Result<LoadedKernel> KernelImage::load(RamView ram) const {
    return format_ == KernelFormat::elf ? load_elf(ram) : load_stream(ram);
}

Result<LoadedKernel> KernelImage::load_stream(RamView ram) const {
    const bool compressed = format_ == KernelFormat::image_gzip || format_ == KernelFormat::zboot;
    u64 offset = format_ == KernelFormat::flat ? kDefaultTextOffset : header_.text_offset;
    if (offset < kLowReserve) {
        offset += kKernelAlignment;
    }
    const u64 known_size = std::max(header_.image_size, compressed ? 0 : payload_.size);
    const auto too_big = [&](u64 size) {
        return user_error(fmt::format("{} needs {} from offset {:#x} of RAM, the machine has {}", file_.name(),
                                      format_size(size), offset, format_size(ram.size())),
                          "give the machine more memory: -m");
    };
    if (offset > ram.size() || known_size > ram.size() - offset) {
        return too_big(known_size);
    }
    const auto source = compressed ? gzip_source(file_, payload_.offset, payload_.size)
                                   : plain_source(file_, payload_.offset, payload_.size);
    const std::span<u8> room = ram.bytes.subspan(offset);
    const u64 loaded = KELVIN_TRY(source->read(room));
    std::array<u8, 1> more{};
    if (loaded == room.size() && KELVIN_TRY(source->read(more)) != 0) {
        return too_big(loaded + 1);
    }
    const Gpa start = ram.base + offset;
    return LoadedKernel{start, start, start + std::max(loaded, header_.image_size), true};
}

Result<LoadedKernel> KernelImage::load_elf(RamView ram) const {
    LoadedKernel loaded = {elf_entry_, Gpa{std::numeric_limits<u64>::max()}, Gpa{0}, false};
    for (const Segment& segment : segments_) {
        const bool fits = ram.contains(segment.address, segment.memory_size);
        // Linkers told only where the code goes (-Ttext) leave the file's own headers at their default address, as a
        // segment that no program misses.
        if (!fits && segment.file_offset == 0 && segments_.size() > 1) {
            continue;
        }
        if (!fits) {
            return user_error(
                fmt::format("{}: a segment of {} belongs at {:#x}, outside of the machine's RAM ({:#x} to {:#x})",
                            file_.name(), format_size(segment.memory_size), segment.address.value, ram.base.value,
                            ram.end().value - 1),
                "link it for addresses in RAM; of Linux, take arch/arm64/boot/Image instead of vmlinux");
        }
        const std::span<u8> memory = ram.slice(segment.address, segment.memory_size);
        KELVIN_TRY(file_.read(segment.file_offset, memory.first(segment.file_size)));
        std::ranges::fill(memory.subspan(segment.file_size), u8{0});
        loaded.start = std::min(loaded.start, segment.address);
        loaded.end = std::max(loaded.end, segment.address + segment.memory_size);
    }
    return loaded;
}

}  // namespace kelvin::firmware
