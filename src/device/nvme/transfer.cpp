// SPDX-License-Identifier: Apache-2.0
#include "device/nvme/transfer.h"

#include <algorithm>

namespace kelvin::device::nvme {

namespace {

/// Entries that are read from the guest at once.
constexpr u64 kBatch = 512;
/// A list of empty descriptors, or of segments that lead to each other, would keep the host busy for ever.
constexpr unsigned kMaxDescriptors = 4096;
constexpr u64 kDescriptorSize = 16;

struct Descriptor {
    u64 address = 0;
    u32 length = 0;
    unsigned type = 0;
    unsigned subtype = 0;

    explicit Descriptor(std::span<const u8, kDescriptorSize> bytes) {
        std::memcpy(&address, bytes.data(), sizeof address);
        std::memcpy(&length, bytes.data() + 8, sizeof length);
        type = bytes[15] >> 4;
        subtype = bytes[15] & 0xf;
    }
    bool is_segment() const { return type == kSegment || type == kLastSegment; }

    static constexpr unsigned kData = 0;
    static constexpr unsigned kSegment = 2;
    static constexpr unsigned kLastSegment = 3;
};

}  // namespace

void Transfer::clear() {
    runs_.clear();
    slices_.clear();
    pieces_.clear();
}

Status Transfer::map(const memory::Dma& dma, const Command& command, u64 page_size, u64 length) {
    clear();
    Status status = Status::success;
    switch (command.data_pointer_kind()) {
        case 0:
            status = map_prps(dma, command.prp1(), command.prp2(), page_size, length);
            break;
        case 1:
        case 2:
            status = map_sgl(dma, command.sgl1(), length);
            break;
        default:
            status = Status::invalid_field;
            break;
    }
    return status == Status::success ? find_ram(dma) : status;
}

void Transfer::add(u64 address, u64 size) {
    if (!runs_.empty() && runs_.back().address.value + runs_.back().size == address) {
        runs_.back().size += size;
    } else {
        runs_.push_back({{address}, size});
    }
}

Status Transfer::find_ram(const memory::Dma& dma) {
    for (const Run& run : runs_) {
        const auto slice = dma.slice(run.address, run.size);
        if (!slice) {
            return Status::data_transfer_error;
        }
        slices_.push_back(*slice);
        pieces_.push_back(slice->for_system_call());
    }
    return Status::success;
}

/// 4.3: the first entry may begin within a page, a second one is a page or, if that is not enough, a list.
Status Transfer::map_prps(const memory::Dma& dma, u64 prp1, u64 prp2, u64 page_size, u64 length) {
    const u64 offset = prp1 % page_size;
    if (offset % 4 != 0) {
        return Status::invalid_prp_offset;
    }
    const u64 first = std::min(length, page_size - offset);
    if (first != 0) {
        add(prp1, first);
    }
    const u64 rest = length - first;
    if (rest == 0) {
        return Status::success;
    }
    if (rest > page_size) {
        return map_prp_list(dma, prp2, page_size, rest);
    }
    if (prp2 % page_size != 0) {
        return Status::invalid_prp_offset;
    }
    add(prp2, rest);
    return Status::success;
}

Status Transfer::map_prp_list(const memory::Dma& dma, u64 list, u64 page_size, u64 length) {
    if (list % sizeof(u64) != 0) {
        return Status::invalid_prp_offset;
    }
    while (length != 0) {
        // Up to the list's page's end, where the last entry leads to the next page of it if there is more.
        const u64 room = (page_size - list % page_size) / sizeof(u64);
        const u64 needed = (length + page_size - 1) / page_size;
        const bool continues = needed > room;
        const u64 count = std::min({needed, continues ? room - 1 : room, kBatch});
        const bool leads_on = continues && count == room - 1 && count < kBatch;
        std::array<u64, kBatch> entries;
        const u64 bytes = (count + (leads_on ? 1 : 0)) * sizeof(u64);
        if (!dma.copy_in({list}, {reinterpret_cast<u8*>(entries.data()), bytes})) {
            return Status::data_transfer_error;
        }
        for (u64 i = 0; i < count; ++i) {
            if (entries[i] % page_size != 0) {
                return Status::invalid_prp_offset;
            }
            const u64 size = std::min(length, page_size);
            add(entries[i], size);
            length -= size;
        }
        list += count * sizeof(u64);
        if (leads_on) {
            list = entries[count];
            // So that each page of the list but the first has entries for data.
            if (list % page_size != 0) {
                return Status::invalid_prp_offset;
            }
        }
    }
    return Status::success;
}

/// 4.4.
Status Transfer::map_sgl(const memory::Dma& dma, std::span<const u8, 16> first, u64 length) {
    std::array<u8, kBatch * kDescriptorSize> segment;
    std::ranges::copy(first, segment.begin());
    u64 next = 0;       // of the segment, in the guest
    u64 remaining = 1;  // descriptors of the segment that were not read yet, with those in `segment`
    u64 loaded = 1;
    u64 at = 0;
    bool last = false;
    for (unsigned fuel = kMaxDescriptors; fuel != 0 && remaining != 0; --fuel) {
        if (at == loaded) {
            loaded = std::min(remaining, kBatch);
            if (!dma.copy_in({next}, std::span(segment).first(loaded * kDescriptorSize))) {
                return Status::data_transfer_error;
            }
            next += loaded * kDescriptorSize;
            at = 0;
        }
        const Descriptor descriptor(
            std::span<const u8, kDescriptorSize>(&segment[at++ * kDescriptorSize], kDescriptorSize));
        --remaining;
        if (descriptor.subtype != 0 || (descriptor.type != Descriptor::kData && !descriptor.is_segment())) {
            return Status::sgl_type_invalid;
        }
        if (descriptor.is_segment()) {
            // The last of its segment, and none is in a last segment.
            if (remaining != 0 || last || descriptor.length == 0 || descriptor.length % kDescriptorSize != 0) {
                return Status::invalid_sgl_segment;
            }
            last = descriptor.type == Descriptor::kLastSegment;
            next = descriptor.address;
            remaining = descriptor.length / kDescriptorSize;
            loaded = at = 0;
            continue;
        }
        if (descriptor.length > length) {
            return Status::sgl_length_invalid;
        }
        if (descriptor.length != 0) {
            add(descriptor.address, descriptor.length);
            length -= descriptor.length;
        }
    }
    if (remaining != 0) {
        return Status::invalid_sgl_count;
    }
    return length == 0 ? Status::success : Status::sgl_length_invalid;
}

void Transfer::copy_in(u64 offset, std::span<u8> out) const {
    for (const memory::RamSlice& slice : slices_) {
        if (offset >= slice.size()) {
            offset -= slice.size();
            continue;
        }
        const u64 size = std::min<u64>(out.size(), slice.size() - offset);
        slice.copy_in(offset, out.first(size));
        out = out.subspan(size);
        offset = 0;
    }
    KELVIN_ASSERT(out.empty());
}

void Transfer::copy_out(const memory::Dma& dma, std::span<const u8> data) const {
    for (std::size_t i = 0; i < slices_.size(); ++i) {
        const u64 size = std::min<u64>(data.size(), slices_[i].size());
        slices_[i].copy_out(0, data.first(size));
        dma.announce_write(runs_[i].address, size);
        data = data.subspan(size);
    }
    KELVIN_ASSERT(data.empty());
}

void Transfer::announce(const memory::Dma& dma) const {
    for (const Run& run : runs_) {
        dma.announce_write(run.address, run.size);
    }
}

}  // namespace kelvin::device::nvme
