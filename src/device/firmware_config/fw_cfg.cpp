// SPDX-License-Identifier: Apache-2.0
#include "device/firmware_config/fw_cfg.h"

#include <algorithm>
#include <array>

#include "base/bits.h"

namespace kelvin::device {

namespace {

// Registers: the data register, at 0, keeps the order of bytes, the others are big-endian.
constexpr u64 kSelector = 0x08;
constexpr u64 kDmaAddress = 0x10;
constexpr u64 kDmaSignature = 0x51454d5520434647;  // "QEMU CFG", what reading the DMA address gives

// Items.
constexpr u16 kSignature = 0x00;
constexpr u16 kFeatures = 0x01;
constexpr u16 kDirectory = 0x19;
constexpr u16 kFirstFile = 0x20;
constexpr u16 kMaxFiles = 1024;  // bounds the directory that add_file rebuilds
constexpr u8 kFeatureTraditional = 1 << 0;
constexpr u8 kFeatureDma = 1 << 1;

// The control word of a DMA request.
constexpr u32 kError = 1 << 0;
constexpr u32 kRead = 1 << 1;
constexpr u32 kSkip = 1 << 2;
constexpr u32 kSelect = 1 << 3;
constexpr u32 kWrite = 1 << 4;

constexpr u64 byte_swapped(u64 value, unsigned size) {
    return __builtin_bswap64(value) >> (64 - 8 * size);
}

template <class T>
void append_big_endian(std::vector<u8>& out, T value) {
    for (unsigned n = sizeof(T); n-- > 0;) {
        out.push_back(static_cast<u8>(value >> (8 * n)));
    }
}

u64 big_endian(std::span<const u8> bytes) {
    u64 value = 0;
    for (const u8 byte : bytes) {
        value = value << 8 | byte;
    }
    return value;
}

}  // namespace

struct FwCfg::Request {
    u32 control;
    u32 length;
    Gpa address;
};

FwCfg::FwCfg(const memory::Dma& ram) : ram_(ram) {
    set(kSignature, {'Q', 'E', 'M', 'U'});
    set(kFeatures, {kFeatureTraditional | kFeatureDma, 0, 0, 0});
    rebuild_directory();
}

void FwCfg::set(u16 key, std::vector<u8> bytes) {
    items_[key] = std::move(bytes);
}

Result<> FwCfg::add_file(std::string_view name, std::vector<u8> bytes) {
    const auto refuse = [&](const char* why) { return user_error("fw_cfg file '" + std::string(name) + "': " + why); };
    if (name.empty() || name.size() > kLongestName) {
        return refuse("the name must have 1 to 55 characters");
    }
    if (files_.size() >= kMaxFiles) {
        return refuse("there are 1024 files already");
    }
    if (std::any_of(files_.begin(), files_.end(), [&](const auto& file) { return file.first == name; })) {
        return refuse("there is one of that name already");
    }
    u16 key = kFirstFile;
    while (items_.contains(key)) {
        ++key;
    }
    files_.emplace_back(name, key);
    set(key, std::move(bytes));
    rebuild_directory();
    return ok();
}

void FwCfg::remove_file(std::string_view name) {
    const auto found = std::find_if(files_.begin(), files_.end(), [&](const auto& file) { return file.first == name; });
    if (found != files_.end()) {
        items_.erase(found->second);
        files_.erase(found);
        rebuild_directory();
    }
}

void FwCfg::rebuild_directory() {
    std::vector<u8> directory;
    append_big_endian(directory, static_cast<u32>(files_.size()));
    for (const auto& [name, key] : files_) {
        append_big_endian(directory, static_cast<u32>(items_[key].size()));
        append_big_endian(directory, key);
        append_big_endian(directory, u16{0});
        directory.insert(directory.end(), name.begin(), name.end());
        directory.resize(directory.size() + (kLongestName + 1 - name.size()));
    }
    set(kDirectory, std::move(directory));
}

std::span<const u8> FwCfg::selected() const {
    const auto item = items_.find(state_.key);
    return item != items_.end() ? std::span<const u8>(item->second) : std::span<const u8>();
}

void FwCfg::select(u16 key) {
    state_.key = key;
    state_.offset = 0;
}

/// Past its end, and where there is no item, an item reads as zeros.
u8 FwCfg::next_byte() {
    const std::span<const u8> item = selected();
    return state_.offset < item.size() ? item[state_.offset++] : u8{0};
}

u64 FwCfg::read(u64 offset, unsigned size) {
    if (offset < kSelector) {
        u64 value = 0;
        for (unsigned n = 0; n < size; ++n) {
            value |= u64{next_byte()} << (8 * n);
        }
        return value;
    }
    if (offset >= kDmaAddress && offset + size <= kSize) {
        return byte_swapped(kDmaSignature, 8) >> (8 * (offset - kDmaAddress)) & low_mask(8 * size);
    }
    return 0;
}

/// Writes to the data register do nothing: no item is writable that way.
void FwCfg::write(u64 offset, unsigned size, u64 value) {
    if (offset == kSelector && size >= 2) {
        select(static_cast<u16>(byte_swapped(value, 2)));
    } else if (offset >= kDmaAddress && offset + size <= kSize) {
        write_dma_address(offset, size, byte_swapped(value, size));
    }
}

/// The lower half starts the transfer.
void FwCfg::write_dma_address(u64 offset, unsigned size, u64 value) {
    if (offset == kDmaAddress && size == 4) {
        state_.dma_address = value << 32;
        return;
    }
    const bool all = offset == kDmaAddress && size == 8;
    const bool lower = offset == kDmaAddress + 4 && size == 4;
    if (all || lower) {
        const u64 descriptor = all ? value : state_.dma_address | value;
        state_.dma_address = 0;
        run_dma(Gpa{descriptor});
    }
}

/// The descriptor is copied once and worked on; only its control word is written back, as what became of the request.
void FwCfg::run_dma(Gpa descriptor) {
    std::array<u8, 16> raw{};
    if (!ram_.copy_in(descriptor, raw)) {
        return;
    }
    const std::span<const u8> bytes = raw;
    const Request request{static_cast<u32>(big_endian(bytes.subspan(0, 4))),
                          static_cast<u32>(big_endian(bytes.subspan(4, 4))), Gpa{big_endian(bytes.subspan(8, 8))}};
    const std::array<u8, 4> result{0, 0, 0, static_cast<u8>(transfer(request) ? 0 : kError)};
    ram_.copy_out(descriptor, result);
}

bool FwCfg::transfer(const Request& request) {
    if ((request.control & kSelect) != 0) {
        select(static_cast<u16>(request.control >> 16));
    }
    if ((request.control & kRead) != 0) {
        return read_into(request.address, request.length);
    }
    if ((request.control & kWrite) != 0) {
        return false;
    }
    if ((request.control & kSkip) != 0) {
        state_.offset = static_cast<u32>(std::min<u64>(u64{state_.offset} + request.length, selected().size()));
    }
    return true;
}

/// The item's bytes, then zeros. A length of 4 GiB costs no more than that: copy_out refuses what is not RAM, piece by
/// piece.
bool FwCfg::read_into(Gpa address, u64 length) {
    static constexpr std::array<u8, 4096> kZeros{};
    const std::span<const u8> item = selected();
    const u64 start = std::min<u64>(state_.offset, item.size());
    const u64 present = std::min<u64>(length, item.size() - start);
    if (!ram_.copy_out(address, item.subspan(start, present))) {
        return false;
    }
    state_.offset = static_cast<u32>(start + present);
    for (u64 done = present; done < length;) {
        const u64 piece = std::min<u64>(length - done, kZeros.size());
        if (!ram_.copy_out(address + done, std::span(kZeros).first(piece))) {
            return false;
        }
        done += piece;
    }
    return true;
}

void FwCfg::restore(const State& state) {
    state_ = state;
    state_.offset = static_cast<u32>(std::min<u64>(state_.offset, selected().size()));
    state_.dma_address = state_.dma_address >> 32 << 32;
}

}  // namespace kelvin::device
