// SPDX-License-Identifier: Apache-2.0
#include "bus/ata/data_area.h"

#include <algorithm>

namespace kelvin::bus::ata {

void DataArea::clear() {
    runs_.clear();
    size_ = 0;
}

bool DataArea::add(const memory::Dma& dma, u64 address, u64 size) {
    const auto slice = dma.slice({address}, size);
    if (!slice) {
        return false;
    }
    runs_.push_back({address, *slice, true});
    size_ += size;
    return true;
}

void DataArea::add_buffer(std::span<u8> buffer) {
    runs_.push_back({0, memory::RamSlice(buffer.data(), buffer.size()), false});
    size_ += buffer.size();
}

template <class Visit>
void DataArea::each(u64 offset, u64 size, Visit&& visit) const {
    for (const Run& run : runs_) {
        if (size == 0) {
            return;
        }
        if (offset >= run.slice.size()) {
            offset -= run.slice.size();
            continue;
        }
        const u64 part = std::min(size, run.slice.size() - offset);
        visit(run, offset, part);
        size -= part;
        offset = 0;
    }
}

bool DataArea::write(u64 offset, std::span<const u8> data) const {
    if (!holds(offset, data.size())) {
        return false;
    }
    each(offset, data.size(), [&](const Run& run, u64 at, u64 size) {
        run.slice.copy_out(at, data.first(size));
        data = data.subspan(size);
    });
    return true;
}

bool DataArea::read(u64 offset, std::span<u8> data) const {
    if (!holds(offset, data.size())) {
        return false;
    }
    each(offset, data.size(), [&](const Run& run, u64 at, u64 size) {
        run.slice.copy_in(at, data.first(size));
        data = data.subspan(size);
    });
    return true;
}

bool DataArea::pieces(u64 size, std::vector<iovec>& out) const {
    if (!holds(0, size)) {
        return false;
    }
    each(0, size, [&](const Run& run, u64, u64 part) { out.push_back({run.slice.for_system_call().iov_base, part}); });
    return true;
}

void DataArea::announce(const memory::Dma& dma, u64 size) const {
    each(0, std::min(size, size_), [&](const Run& run, u64 at, u64 part) {
        if (run.is_guest) {
            dma.announce_write({run.address + at}, part);
        }
    });
}

}  // namespace kelvin::bus::ata
