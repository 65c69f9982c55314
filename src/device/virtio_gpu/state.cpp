// SPDX-License-Identifier: Apache-2.0
#include "state/saved_state.h"

#include <fmt/format.h>

#include "device/virtio_gpu/virtio_gpu.h"

namespace kelvin::device {

Result<state::Json> VirtioGpu::save() {
    State saved{width_, height_, events_, {}, scanout_, cursor_};
    for (const auto& [id, resource] : resources_) {
        saved.resources.push_back(resource.save(id));
    }
    return state::save_state(saved);
}

/// By the same rules as if the driver had made it.
Result<> VirtioGpu::load_resource(const gpu::ResourceState& saved) {
    const gpu::ResourceCreate2d made{saved.id, saved.format, saved.width, saved.height};
    if (create_resource(made).type != gpu::Answer::ok_no_data) {
        return user_error(
            fmt::format(": no resource {} of {} by {} pixels can be made", saved.id, saved.width, saved.height));
    }
    gpu::Resource& resource = *find(saved.id);
    const u64 cost = gpu::Resource::cost_of_pieces(saved.pieces.size());
    const bool few = saved.pieces.size() <= gpu::Resource::kMostPieces && cost <= memory_left();
    if (!few || !resource.attach(dma(), saved.pieces)) {
        return user_error(".pieces: they are too many, or not RAM");
    }
    used_ += cost;
    return resource.load_pixels(saved.parts);
}

Result<> VirtioGpu::load_shown(const State& saved) {
    if (saved.scanout.resource != 0 && !may_show(saved.scanout)) {
        return user_error(fmt::format(".scanout: nothing such can be shown of resource {}", saved.scanout.resource));
    }
    const std::size_t pixels = saved.cursor.pixels.size();
    if (pixels != 0 && pixels != std::size_t{kCursorSide} * kCursorSide) {
        return user_error(fmt::format(".cursor.pixels: a cursor does not have {}", pixels));
    }
    scanout_ = saved.scanout;
    cursor_ = saved.cursor;
    return ok();
}

Result<> VirtioGpu::load(const state::Json& json) {
    State saved;
    KELVIN_TRY(state::load_state("", json, saved));
    stopped();
    const bool in_use = !saved.resources.empty() || saved.scanout.resource != 0 || !saved.cursor.pixels.empty();
    if (in_use && !running()) {
        return user_error(".resources: there are none without a driver");
    }
    Options monitor;
    monitor.xres = saved.width;
    monitor.yres = saved.height;
    KELVIN_TRY(monitor.check());
    for (std::size_t index = 0; index < saved.resources.size(); ++index) {
        if (const Result<> made = load_resource(saved.resources[index]); !made) {
            return state::in_front(fmt::format(".resources[{}]", index), made.error());
        }
    }
    KELVIN_TRY(load_shown(saved));
    width_ = saved.width;
    height_ = saved.height;
    events_ = saved.events & gpu::Config::kEventDisplay;
    show_config();
    return ok();
}

}  // namespace kelvin::device
