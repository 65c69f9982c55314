// SPDX-License-Identifier: Apache-2.0
#include "firmware/file_kind.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "firmware/little_endian.h"

namespace kelvin::firmware {

namespace {

using namespace std::string_view_literals;

struct Signature {
    u64 offset;
    std::string_view bytes;
    const char* what;
    const char* cure;
};

/// The first match wins.
constexpr std::array kSignatures = {
    Signature{0x202, "HdrS"sv, "an x86 Linux kernel (bzImage)", "the machine is aarch64: take the arm64 kernel"},
    Signature{0x24, "\x18\x28\x6f\x01"sv, "a 32-bit Arm Linux kernel (zImage)",
              "the machine is aarch64: take the arm64 kernel"},
    Signature{56, "RSC\x05"sv, "a RISC-V Linux kernel", "the machine is aarch64: take the arm64 kernel"},
    Signature{0, "\x27\x05\x19\x56"sv, "a U-Boot image (uImage)", "give the Image inside it"},
    Signature{0, "\xd0\x0d\xfe\xed"sv, "a device tree blob", "that is given with -dtb"},
    Signature{0, "\x28\xb5\x2f\xfd"sv, "Zstandard data", "decompress it: unzstd FILE"},
    Signature{0,
              "\xfd"
              "7zXZ\0"sv,
              "xz data", "decompress it: unxz FILE"},
    Signature{0, "BZh"sv, "bzip2 data", "decompress it: bunzip2 FILE"},
    Signature{0, "\x04\x22\x4d\x18"sv, "LZ4 data", "decompress it: unlz4 FILE"},
    Signature{0, "\x02\x21\x4c\x18"sv, "LZ4 data (legacy frame)", "decompress it: unlz4 FILE"},
    Signature{0, "\x5d\0\0"sv, "LZMA data", "decompress it: unlzma FILE"},
    Signature{0, "QFI\xfb"sv, "a qcow2 disk image", ""},
    Signature{0, "KDMV"sv, "a VMDK disk image", ""},
    Signature{0, "070701"sv, "a cpio archive", "an initramfs is given with -initrd"},
    Signature{257, "ustar"sv, "a tar archive", ""},
    Signature{0, "!<arch>\n"sv, "a Debian package or ar archive", "the kernel is inside it: dpkg-deb -x FILE FOLDER"},
    Signature{0, "PK\x03\x04"sv, "a zip archive", ""},
    Signature{0, "\x1f\x8b"sv, "gzip data", "decompress it: gunzip FILE"},
    Signature{0, "#!"sv, "a script", ""},
    Signature{0x1fe, "\x55\xaa"sv, "a boot sector or disk image", ""},
};

bool matches(const Signature& signature, std::span<const u8> head) {
    if (head.size() < signature.offset + signature.bytes.size()) {
        return false;
    }
    return std::ranges::equal(head.subspan(signature.offset, signature.bytes.size()), signature.bytes,
                              [](u8 byte, char wanted) { return byte == static_cast<u8>(wanted); });
}

/// ELF e_machine and PE Machine values of what people have at hand.
std::string machine_name(u16 machine) {
    switch (machine) {
        case 3:
            return "i386";
        case 8:
            return "MIPS";
        case 21:
            return "64-bit PowerPC";
        case 22:
            return "s390x";
        case 40:
            return "32-bit Arm";
        case 62:
            return "x86-64";
        case 183:
            return "aarch64";
        case 243:
            return "RISC-V";
        case 258:
            return "LoongArch";
        default:
            return fmt::format("machine type {}", machine);
    }
}

FileKind identify_elf(std::span<const u8> head) {
    constexpr u64 kClass = 4;
    constexpr u64 kData = 5;
    constexpr u64 kMachine = 18;
    const bool big_endian = head[kData] == 2;
    const u16 raw = load_le<u16>(head, kMachine);
    const u16 machine = big_endian ? static_cast<u16>((raw << 8) | (raw >> 8)) : raw;
    FileKind kind;
    kind.what = fmt::format("a {}{}-bit ELF file for {}", big_endian ? "big-endian " : "", head[kClass] == 1 ? 32 : 64,
                            machine_name(machine));
    kind.cure = machine == 62 ? "the machine is aarch64: take the arm64 kernel" : "";
    return kind;
}

FileKind identify_pe(std::span<const u8> head) {
    constexpr u64 kHeaderPointer = 0x3c;
    if (head.size() < kHeaderPointer + 4) {
        return {"a DOS or EFI program", ""};
    }
    const u64 header = load_le<u32>(head, kHeaderPointer);
    if (header + 6 > head.size() || load_le<u32>(head, header) != 0x4550) {
        return {"a DOS or EFI program", ""};
    }
    switch (load_le<u16>(head, header + 4)) {
        case 0x8664:
            return {"an x86-64 EFI program", "the machine is aarch64: take the arm64 kernel"};
        case 0x14c:
            return {"an i386 EFI program", "the machine is aarch64: take the arm64 kernel"};
        case 0xaa64:
            return {"an aarch64 EFI program that is not a Linux kernel", "EFI programs need a firmware: -bios"};
        default:
            return {"an EFI program for another architecture", ""};
    }
}

bool is_text(std::span<const u8> head) {
    return std::ranges::all_of(head,
                               [](u8 c) { return (c >= 0x20 && c != 0x7f) || c == '\n' || c == '\r' || c == '\t'; });
}

}  // namespace

FileKind identify_file(std::span<const u8> head) {
    constexpr u64 kElfIdentified = 20;
    if (head.size() >= kElfIdentified && head[0] == 0x7f && head[1] == 'E' && head[2] == 'L' && head[3] == 'F') {
        return identify_elf(head);
    }
    for (const Signature& signature : kSignatures) {
        if (matches(signature, head)) {
            return {signature.what, signature.cure};
        }
    }
    if (head.size() >= 2 && head[0] == 'M' && head[1] == 'Z') {
        return identify_pe(head);
    }
    if (is_text(head)) {
        return {"a text file", ""};
    }
    if (std::ranges::all_of(head, [](u8 byte) { return byte == 0; })) {
        return {"nothing but zeros at its start", ""};
    }
    return {};
}

std::string hex_start(std::span<const u8> head) {
    std::string text;
    for (const u8 byte : head.first(std::min<u64>(head.size(), 8))) {
        text += fmt::format("{}{:02x}", text.empty() ? "" : " ", byte);
    }
    return text;
}

}  // namespace kelvin::firmware
