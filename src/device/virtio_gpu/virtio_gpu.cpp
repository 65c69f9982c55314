// SPDX-License-Identifier: Apache-2.0
#include "device/virtio_gpu/virtio_gpu.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "device/vga/edid.h"

namespace kelvin::device {

using gpu::Answer;
using gpu::Command;
using gpu::Config;
using gpu::Header;
using gpu::Resource;

namespace {

constexpr u16 kControl = 0;
constexpr u16 kCursorQueue = 1;

constexpr u64 kFeatureEdid = u64{1} << 1;

// Of what a monitor says of itself.
constexpr u32 kLeastSide = 16;
constexpr u32 kMostSide = 4095;

/// Bytes that are copied or cleared before the loop's other work has its turn: a guest may ask for gigabytes at once.
constexpr u64 kMostWork = u64{16} << 20;
/// What a request or a row costs, in bytes that are copied meanwhile.
constexpr u64 kWorkOfOne = 256;

template <class T>
std::vector<u8> bytes_of(const T& value) {
    std::vector<u8> bytes(sizeof value);
    std::memcpy(bytes.data(), &value, sizeof value);
    return bytes;
}

bus::virtio::Identity identity_of(const VirtioGpu::Options& options) {
    return {.id = 16,
            .pci_class = 0x038000,
            .features = options.ring.features() | (options.edid ? kFeatureEdid : 0),
            .queue_sizes = {64, 16},
            .config_size = sizeof(Config)};
}

}  // namespace

Result<> VirtioGpu::Options::check() const {
    if (max_outputs != 1) {
        return user_error(fmt::format("max_outputs={}: there can be one output", max_outputs),
                          "another card has another output");
    }
    for (const auto& [name, value] : {std::pair("xres", xres), {"yres", yres}}) {
        if (value < kLeastSide || value > kMostSide) {
            return user_error(fmt::format("{}={} is not from {} to {}", name, value, kLeastSide, kMostSide));
        }
    }
    return ok();
}

Result<std::unique_ptr<VirtioGpu>> VirtioGpu::create(const Options& options, const bus::Surroundings& surroundings) {
    KELVIN_TRY(options.check());
    return std::make_unique<VirtioGpu>(options, surroundings.io, surroundings.dma, surroundings.backends.screens(),
                                       surroundings.id);
}

VirtioGpu::VirtioGpu(const Options& options, EventLoop& io, memory::Dma& dma, backend::Screens& screens, std::string id)
    : Device(identity_of(options), io, dma),
      edid_(options.edid),
      limit_(options.max_hostmem.bytes),
      screens_(screens),
      width_(options.xres),
      height_(options.yres) {
    show_config();
    screens_.add(*this, std::move(id));
}

VirtioGpu::~VirtioGpu() {
    screens_.remove(*this);
}

void VirtioGpu::stopped() {
    resources_.clear();
    used_ = 0;
    scanout_ = {};
    cursor_ = {};
    events_ = 0;
    show_config();
}

void VirtioGpu::show_config() {
    set_config(0, bytes_of(Config{.events_read = events_}));
}

/// What is written to events_clear takes events back; it reads as zero itself.
void VirtioGpu::config_written(u32 offset, std::span<const u8> data) {
    for (std::size_t index = 0; index < data.size(); ++index) {
        const u64 at = offset + index;
        if (at >= Config::kEventsClear && at < Config::kEventsClear + sizeof(u32)) {
            events_ &= ~(u32{data[index]} << 8 * (at - Config::kEventsClear));
        }
    }
    show_config();
}

void VirtioGpu::suggest_size(u32 width, u32 height) {
    width = std::clamp(width, kLeastSide, kMostSide);
    height = std::clamp(height, kLeastSide, kMostSide);
    if (width == width_ && height == height_) {
        return;
    }
    width_ = width;
    height_ = height;
    events_ |= Config::kEventDisplay;
    change_config(0, bytes_of(Config{.events_read = events_}));
}

template <class T>
bool VirtioGpu::read(u64 offset, T& out) const {
    return chain_.read(offset, {reinterpret_cast<u8*>(&out), sizeof out});
}

void VirtioGpu::queue_notified(u16 queue) {
    work_ = 0;
    serve(queue, chain_, [this, queue](const bus::virtio::Chain& chain) {
        give_back(queue, chain, serve_one());
        work_ += kWorkOfOne;
        return work_ < kMostWork;
    });
    if (work_ >= kMostWork) {
        notify(queue);
    }
}

/// Everything is done when it is answered, so that fences are passed at once (5.7.6.7). Drivers want no answer to what
/// they say of the cursor, and give no room for one.
u64 VirtioGpu::serve_one() {
    Header request;
    const Reply reply = read(0, request) ? carry_out(request.type) : Reply(Answer::invalid_parameter);
    Header answer{.type = static_cast<u32>(reply.type)};
    if ((request.flags & Header::kFence) != 0) {
        answer.flags = Header::kFence;
        answer.fence_id = request.fence_id;
        answer.ctx_id = request.ctx_id;
    }
    const u64 size = sizeof answer + reply.data.size();
    if (chain_.writable_size() < size) {
        return 0;
    }
    chain_.write(0, bytes_of(answer));
    chain_.write(sizeof answer, reply.data);
    return size;
}

template <class Body>
VirtioGpu::Reply VirtioGpu::run(Reply (VirtioGpu::*handler)(const Body&)) {
    Body body;
    return read(sizeof(Header), body) ? (this->*handler)(body) : Reply(Answer::invalid_parameter);
}

VirtioGpu::Reply VirtioGpu::carry_out(u32 command) {
    switch (static_cast<Command>(command)) {
        case Command::get_display_info:
            return get_display_info();
        case Command::get_edid:
            return run(&VirtioGpu::get_edid);
        case Command::resource_create_2d:
            return run(&VirtioGpu::create_resource);
        case Command::resource_unref:
            return run(&VirtioGpu::forget_resource);
        case Command::set_scanout:
            return run(&VirtioGpu::set_scanout);
        case Command::resource_flush:
            return run(&VirtioGpu::flush);
        case Command::transfer_to_host_2d:
            return run(&VirtioGpu::transfer);
        case Command::resource_attach_backing:
            return run(&VirtioGpu::attach_backing);
        case Command::resource_detach_backing:
            return run(&VirtioGpu::detach_backing);
        case Command::update_cursor:
            return run(&VirtioGpu::update_cursor);
        case Command::move_cursor:
            return run(&VirtioGpu::move_cursor);
    }
    return Answer::unspecified;
}

VirtioGpu::Reply VirtioGpu::get_display_info() const {
    gpu::DisplayInfo info{};
    info.scanouts[0] = {.place = {0, 0, width_, height_}, .enabled = 1, .flags = 0};
    return {Answer::ok_display_info, bytes_of(info)};
}

VirtioGpu::Reply VirtioGpu::get_edid(const gpu::GetEdid& body) {
    if (!edid_) {
        return Answer::unspecified;
    }
    if (body.scanout != 0) {
        return Answer::invalid_scanout_id;
    }
    const auto description = make_edid(width_, height_);
    gpu::Edid edid{.size = description.size()};
    std::ranges::copy(description, edid.bytes.begin());
    return {Answer::ok_edid, bytes_of(edid)};
}

gpu::Resource* VirtioGpu::find(u32 id) {
    const auto found = resources_.find(id);
    return found != resources_.end() ? &found->second : nullptr;
}

VirtioGpu::Reply VirtioGpu::create_resource(const gpu::ResourceCreate2d& body) {
    const gpu::Format* const format = gpu::find_format(body.format);
    if (body.resource == 0 || find(body.resource) != nullptr) {
        return Answer::invalid_resource_id;
    }
    if (format == nullptr || !Resource::may_be(body.width, body.height)) {
        return Answer::invalid_parameter;
    }
    const u64 cost = Resource::cost(body.width, body.height);
    if (cost > memory_left()) {
        return Answer::out_of_memory;
    }
    used_ += cost;
    work_ += cost;
    resources_.try_emplace(body.resource, *format, body.width, body.height);
    return Answer::ok_no_data;
}

/// An output that shows it shows nothing afterwards.
VirtioGpu::Reply VirtioGpu::forget_resource(const gpu::OfResource& body) {
    const auto found = resources_.find(body.resource);
    if (found == resources_.end()) {
        return Answer::invalid_resource_id;
    }
    if (scanout_.resource == body.resource) {
        scanout_ = {};
    }
    used_ -= found->second.cost();
    resources_.erase(found);
    return Answer::ok_no_data;
}

bool VirtioGpu::may_show(const Scanout& scanout) {
    const Resource* const resource = find(scanout.resource);
    const gpu::Rectangle& place = scanout.place;
    return resource != nullptr && !place.is_empty() && place.lies_in(resource->width(), resource->height()) &&
           u64{place.width} * place.height <= backend::Picture::kMostPixels;
}

VirtioGpu::Reply VirtioGpu::set_scanout(const gpu::SetScanout& body) {
    if (body.scanout != 0) {
        return Answer::invalid_scanout_id;
    }
    if (body.resource == 0) {
        scanout_ = {};
        return Answer::ok_no_data;
    }
    if (find(body.resource) == nullptr) {
        return Answer::invalid_resource_id;
    }
    const Scanout scanout{body.resource, body.place};
    if (!may_show(scanout)) {
        return Answer::invalid_parameter;
    }
    scanout_ = scanout;
    return Answer::ok_no_data;
}

/// Whoever shows the screen looks at it by itself.
VirtioGpu::Reply VirtioGpu::flush(const gpu::ResourceFlush& body) {
    const Resource* const resource = find(body.resource);
    if (resource == nullptr) {
        return Answer::invalid_resource_id;
    }
    return body.place.lies_in(resource->width(), resource->height()) ? Answer::ok_no_data : Answer::invalid_parameter;
}

VirtioGpu::Reply VirtioGpu::transfer(const gpu::TransferToHost2d& body) {
    Resource* const resource = find(body.resource);
    if (resource == nullptr) {
        return Answer::invalid_resource_id;
    }
    if (!resource->has_backing()) {
        return Answer::unspecified;
    }
    if (!body.place.lies_in(resource->width(), resource->height())) {
        return Answer::invalid_parameter;
    }
    work_ += (u64{body.place.width} * Resource::kPixelSize + kWorkOfOne) * body.place.height;
    return resource->transfer(dma(), body.place, body.offset) ? Answer::ok_no_data : Answer::invalid_parameter;
}

VirtioGpu::Reply VirtioGpu::attach_backing(const gpu::AttachBacking& body) {
    Resource* const resource = find(body.resource);
    if (resource == nullptr) {
        return Answer::invalid_resource_id;
    }
    if (resource->has_backing() || body.count > Resource::kMostPieces) {
        return Answer::unspecified;
    }
    const u64 cost = Resource::cost_of_pieces(body.count);
    if (cost > memory_left()) {
        return Answer::out_of_memory;
    }
    std::vector<gpu::MemoryEntry> entries(body.count);
    const std::span<u8> bytes(reinterpret_cast<u8*>(entries.data()), entries.size() * sizeof(gpu::MemoryEntry));
    if (!chain_.read(sizeof(Header) + sizeof body, bytes)) {
        return Answer::invalid_parameter;
    }
    work_ += bytes.size();
    std::vector<gpu::Piece> pieces;
    pieces.reserve(entries.size());
    for (const gpu::MemoryEntry& entry : entries) {
        pieces.push_back({entry.address, entry.length});
    }
    if (!resource->attach(dma(), pieces)) {
        return Answer::unspecified;
    }
    used_ += cost;
    return Answer::ok_no_data;
}

VirtioGpu::Reply VirtioGpu::detach_backing(const gpu::OfResource& body) {
    Resource* const resource = find(body.resource);
    if (resource == nullptr) {
        return Answer::invalid_resource_id;
    }
    if (!resource->has_backing()) {
        return Answer::unspecified;
    }
    used_ -= resource->cost();
    resource->detach();
    used_ += resource->cost();
    return Answer::ok_no_data;
}

}  // namespace kelvin::device
