// SPDX-License-Identifier: Apache-2.0
#include "device/virtio_gpu/resource.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace kelvin::device::gpu {

namespace {

/// Names say the order of bytes in memory. Those with X have no transparency.
constexpr auto kFormats = std::to_array<Format>({
    {.number = 1, .red = 16, .green = 8, .blue = 0, .alpha = 24},    // B8G8R8A8
    {.number = 2, .red = 16, .green = 8, .blue = 0, .alpha = {}},    // B8G8R8X8
    {.number = 3, .red = 8, .green = 16, .blue = 24, .alpha = 0},    // A8R8G8B8
    {.number = 4, .red = 8, .green = 16, .blue = 24, .alpha = {}},   // X8R8G8B8
    {.number = 67, .red = 0, .green = 8, .blue = 16, .alpha = 24},   // R8G8B8A8
    {.number = 68, .red = 24, .green = 16, .blue = 8, .alpha = {}},  // X8B8G8R8
    {.number = 121, .red = 24, .green = 16, .blue = 8, .alpha = 0},  // A8B8G8R8
    {.number = 134, .red = 0, .green = 8, .blue = 16, .alpha = {}},  // R8G8B8X8
});

u32 color(const Format& format, u32 pixel) {
    constexpr u32 kOpaque = 0xff000000;
    const auto part = [&](u8 shift) { return pixel >> shift & 0xff; };
    const u32 alpha = format.alpha ? part(*format.alpha) << 24 : kOpaque;
    return alpha | part(format.red) << 16 | part(format.green) << 8 | part(format.blue);
}

}  // namespace

const Format* find_format(u32 number) {
    const auto found = std::ranges::find(kFormats, number, &Format::number);
    return found != kFormats.end() ? &*found : nullptr;
}

Resource::Resource(const Format& format, u32 width, u32 height)
    : format_(&format), width_(width), height_(height), pixels_(u64{width} * height * kPixelSize) {}

bool Resource::attach(const memory::Dma& dma, std::span<const Piece> pieces) {
    std::vector<Run> runs;
    runs.reserve(pieces.size());
    u64 start = 0;
    for (const Piece& piece : pieces) {
        if (piece.length == 0 || !dma.slice({piece.address}, piece.length)) {
            return false;
        }
        runs.push_back({start, piece});
        start += piece.length;
    }
    runs_ = std::move(runs);
    backing_size_ = start;
    return true;
}

void Resource::detach() {
    runs_ = {};
    backing_size_ = 0;
}

/// All of it is attached; false if it is RAM no more.
bool Resource::copy_in(const memory::Dma& dma, u64 offset, std::span<u8> out) const {
    auto run = std::ranges::upper_bound(runs_, offset, {}, &Run::start) - 1;
    for (; !out.empty(); ++run) {
        const u64 skipped = offset - run->start;
        const std::size_t size = std::min<std::size_t>(out.size(), run->piece.length - skipped);
        if (!dma.copy_in({run->piece.address + skipped}, out.first(size))) {
            return false;
        }
        out = out.subspan(size);
        offset += size;
    }
    return true;
}

bool Resource::transfer(const memory::Dma& dma, const Rectangle& place, u64 offset) {
    if (place.is_empty()) {
        return true;
    }
    const u64 stride = u64{width_} * kPixelSize;
    const u64 row = u64{place.width} * kPixelSize;
    const u64 size = stride * (place.height - 1) + row;
    if (offset > backing_size_ || size > backing_size_ - offset) {
        return false;
    }
    const std::span<u8> to = std::span(pixels_).subspan(place.y * stride + u64{place.x} * kPixelSize, size);
    if (row == stride) {
        return copy_in(dma, offset, to);
    }
    for (u64 y = 0; y < place.height; ++y) {
        if (!copy_in(dma, offset + y * stride, to.subspan(y * stride, row))) {
            return false;
        }
    }
    return true;
}

void Resource::read(const Rectangle& place, std::span<u32> out) const {
    const Format format = *format_;
    const u64 stride = u64{width_} * kPixelSize;
    for (u64 y = 0; y < place.height; ++y) {
        const std::span<u32> row = out.subspan(y * place.width, place.width);
        std::memcpy(row.data(), pixels_.data() + (place.y + y) * stride + u64{place.x} * kPixelSize, row.size_bytes());
        std::ranges::transform(row, row.begin(), [format](u32 pixel) { return color(format, pixel); });
    }
}

ResourceState Resource::save(u32 id) const {
    ResourceState state{id, format_->number, width_, height_, {}, {}};
    std::ranges::transform(runs_, std::back_inserter(state.pieces), &Run::piece);
    for (u64 offset = 0; offset < pixels_.size(); offset += kPartSize) {
        const auto part = std::span(pixels_).subspan(offset, std::min<u64>(kPartSize, pixels_.size() - offset));
        if (std::ranges::any_of(part, [](u8 byte) { return byte != 0; })) {
            state.parts.push_back({offset, {part.begin(), part.end()}});
        }
    }
    return state;
}

Result<> Resource::load_pixels(const std::vector<Part>& parts) {
    for (const Part& part : parts) {
        if (part.offset > pixels_.size() || part.bytes.size() > pixels_.size() - part.offset) {
            return user_error(fmt::format(".parts: {} bytes at {} are not all within the {} by {} pixels",
                                          part.bytes.size(), part.offset, width_, height_));
        }
        std::ranges::copy(part.bytes, pixels_.begin() + static_cast<std::ptrdiff_t>(part.offset));
    }
    return ok();
}

}  // namespace kelvin::device::gpu
