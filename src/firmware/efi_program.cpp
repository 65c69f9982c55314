// SPDX-License-Identifier: Apache-2.0
#include "firmware/efi_program.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>

#include "firmware/byte_source.h"
#include "firmware/file_kind.h"
#include "firmware/little_endian.h"

namespace kelvin::firmware {

namespace {

constexpr u64 kHeadSize = 4096;
/// A small file that claims to be huge must not take all of the host's memory.
constexpr u64 kLargestDecompressed = u64{1} << 30;
constexpr u64 kStep = u64{16} << 20;

// PE format: "MZ", at 60 the offset of "PE\0\0", behind it the machine.
constexpr u64 kSignatureOffset = 60;
constexpr u32 kSignature = 0x4550;
constexpr u16 kMachineArm64 = 0xaa64;

bool is_for_arm64(std::span<const u8> head) {
    if (head.size() < kSignatureOffset + 4 || head[0] != 'M' || head[1] != 'Z') {
        return false;
    }
    const u64 signature = load_le<u32>(head, kSignatureOffset);
    return signature + 6 <= head.size() && load_le<u32>(head, signature) == kSignature &&
           load_le<u16>(head, signature + 4) == kMachineArm64;
}

std::unique_ptr<ByteSource> source_of(const InputFile& file, bool compressed) {
    return compressed ? gzip_source(file, 0, file.size()) : plain_source(file, 0, file.size());
}

}  // namespace

Result<EfiProgram> EfiProgram::open(const std::string& path) {
    InputFile file = KELVIN_TRY(InputFile::open("kernel", path));
    std::array<u8, 2> start{};
    KELVIN_TRY(file.read(0, std::span(start).first(std::min<u64>(start.size(), file.size()))));
    EfiProgram program(std::move(file), start[0] == 0x1f && start[1] == 0x8b);
    KELVIN_TRY(program.examine());
    return program;
}

Result<> EfiProgram::examine() const {
    std::vector<u8> head(kHeadSize);
    head.resize(KELVIN_TRY(source_of(file_, compressed_)->read(head)));
    if (is_for_arm64(head)) {
        return ok();
    }
    const FileKind kind = identify_file(head);
    return user_error(fmt::format("{}{} is {}, not an EFI program for aarch64, and firmware starts nothing else",
                                  name(), compressed_ ? ", decompressed," : "",
                                  kind.what.empty() ? "unknown data (" + hex_start(head) + ")" : kind.what),
                      (kind.cure.empty() ? std::string() : kind.cure + "\n  ") +
                          "take a Linux Image with an EFI stub (CONFIG_EFI_STUB), or leave the firmware out");
}

Result<std::vector<u8>> EfiProgram::content() const {
    const auto source = source_of(file_, compressed_);
    std::vector<u8> bytes;
    for (u64 loaded = 0; loaded < kLargestDecompressed;) {
        bytes.resize(loaded + std::min(kStep, compressed_ ? kStep : file_.size() + 1));
        const u64 room = bytes.size() - loaded;
        const u64 got = KELVIN_TRY(source->read(std::span(bytes).subspan(loaded)));
        loaded += got;
        if (got < room) {
            bytes.resize(loaded);
            return bytes;
        }
    }
    return user_error(fmt::format("{} has more than {}", name(), format_size(kLargestDecompressed)), "is it a kernel?");
}

}  // namespace kelvin::firmware
