// SPDX-License-Identifier: Apache-2.0
// What is seen of a virtio GPU: a rectangle of a resource, and the pointer in front of it (virtio 1.2, 5.7.6.10).
#include <algorithm>

#include "device/virtio_gpu/virtio_gpu.h"

namespace kelvin::device {

using gpu::Answer;

namespace {

/// `over` has been multiplied with its alpha, as drivers' cursors are. The sum of one that has not is limited.
u32 blend(u32 under, u32 over) {
    const u32 transparency = 0xff - (over >> 24);
    u32 out = 0;
    for (const unsigned shift : {0U, 8U, 16U}) {
        const u32 part = (over >> shift & 0xff) + (under >> shift & 0xff) * transparency / 0xff;
        out |= std::min<u32>(part, 0xff) << shift;
    }
    return out;
}

}  // namespace

/// "The mouse cursor image is a normal resource, except that it must be 64x64 in size" (5.7.1). It is read now: the
/// resource may go. Resource 0: no cursor.
VirtioGpu::Reply VirtioGpu::update_cursor(const gpu::CursorCommand& body) {
    if (body.scanout != 0) {
        return Answer::invalid_scanout_id;
    }
    place_cursor(body.x, body.y);
    cursor_.pixels.clear();
    if (body.resource == 0) {
        return Answer::ok_no_data;
    }
    const gpu::Resource* const resource = find(body.resource);
    if (resource == nullptr) {
        return Answer::invalid_resource_id;
    }
    if (resource->width() != kCursorSide || resource->height() != kCursorSide) {
        return Answer::invalid_parameter;
    }
    cursor_.pixels.resize(std::size_t{kCursorSide} * kCursorSide);
    resource->read({0, 0, kCursorSide, kCursorSide}, cursor_.pixels);
    return Answer::ok_no_data;
}

VirtioGpu::Reply VirtioGpu::move_cursor(const gpu::CursorCommand& body) {
    if (body.scanout != 0) {
        return Answer::invalid_scanout_id;
    }
    place_cursor(body.x, body.y);
    return Answer::ok_no_data;
}

/// Drivers let it hang over the left and the upper edge.
void VirtioGpu::place_cursor(u32 x, u32 y) {
    cursor_.x = static_cast<i32>(x);
    cursor_.y = static_cast<i32>(y);
}

void VirtioGpu::draw(backend::Picture& picture) {
    constexpr u32 kWidth = 640, kHeight = 480;
    const gpu::Resource* const shown = find(scanout_.resource);
    if (shown == nullptr) {
        picture.resize(kWidth, kHeight);
        std::ranges::fill(picture.pixels, 0U);
        return;
    }
    picture.resize(scanout_.place.width, scanout_.place.height);
    shown->read(scanout_.place, picture.pixels);
    if (!cursor_.pixels.empty()) {
        draw_cursor(picture);
    }
    std::ranges::transform(picture.pixels, picture.pixels.begin(), [](u32 pixel) { return pixel & 0xffffff; });
}

void VirtioGpu::draw_cursor(backend::Picture& picture) const {
    for (u32 index = 0; index < cursor_.pixels.size(); ++index) {
        const i64 x = i64{cursor_.x} + index % kCursorSide;
        const i64 y = i64{cursor_.y} + index / kCursorSide;
        if (x >= 0 && y >= 0 && x < picture.width && y < picture.height) {
            u32& pixel = picture.pixels[static_cast<std::size_t>(y) * picture.width + static_cast<std::size_t>(x)];
            pixel = blend(pixel, cursor_.pixels[index]);
        }
    }
}

}  // namespace kelvin::device
