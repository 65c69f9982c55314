// SPDX-License-Identifier: Apache-2.0
// Virtio GPU (virtio 1.2, 5.7) with one output and no 3D: the guest draws in its own memory, says which of it to copy,
// and what of the copies to show.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "backend/display/screen.h"
#include "bus/device_type.h"
#include "bus/virtio/device.h"
#include "device/virtio_gpu/resource.h"

namespace kelvin::device {

/// I/O loop's thread, on which screens are drawn, too.
class VirtioGpu final : public bus::virtio::Device, public backend::Screen, private bus::Savable {
  public:
    struct Options {
        u32 max_outputs = 1;
        bool edid = true;
        u32 xres = 1280;
        u32 yres = 800;
        state::Size max_hostmem{u64{256} << 20};
        bus::virtio::RingOptions ring;

        template <class Visitor>
        void fields(Visitor& visit) {
            visit("max_outputs", max_outputs, "monitors; there can be one");
            visit("edid", edid, "the monitor tells its sizes");
            visit("xres", xres, "the monitor's preferred width");
            visit("yres", yres, "and height");
            visit("max_hostmem", max_hostmem, "of the host's memory for what the guest draws");
            ring.fields(visit);
        }
        Result<> check() const;
    };
    static Result<std::unique_ptr<VirtioGpu>> create(const Options& options, const bus::Surroundings& surroundings);

    /// All of it outlives the device.
    VirtioGpu(const Options& options, EventLoop& io, memory::Dma& dma, backend::Screens& screens, std::string id);
    ~VirtioGpu() override;

    void draw(backend::Picture& picture) override;
    void suggest_size(u32 width, u32 height) override;

  private:
    struct Scanout {
        u32 resource = 0;  // 0: nothing is shown
        gpu::Rectangle place;

        template <class Visitor>
        void fields(Visitor& visit) {
            visit("resource", resource);
            visit("place", place);
        }
    };
    struct Cursor {
        i32 x = 0;  // of its left upper corner
        i32 y = 0;
        std::vector<u32> pixels;  // premultiplied 0xAARRGGBB, of kCursorSide by kCursorSide; empty: there is none

        template <class Visitor>
        void fields(Visitor& visit) {
            visit("x", x);
            visit("y", y);
            visit("pixels", pixels);
        }
    };
    struct State {
        u32 width = 0;
        u32 height = 0;
        u32 events = 0;
        std::vector<gpu::ResourceState> resources;  // ascending by id
        Scanout scanout;
        Cursor cursor;

        template <class Visitor>
        void fields(Visitor& visit) {
            visit("width", width);
            visit("height", height);
            visit("events", events);
            visit("resources", resources);
            visit("scanout", scanout);
            visit("cursor", cursor);
        }
    };
    struct Reply {
        Reply(gpu::Answer answer, std::vector<u8> bytes = {}) : type(answer), data(std::move(bytes)) {}
        gpu::Answer type;
        std::vector<u8> data;  // behind the header
    };
    static constexpr u32 kCursorSide = 64;

    void started(u64) override {}
    void stopped() override;
    void queue_notified(u16 queue) override;
    void config_written(u32 offset, std::span<const u8> data) override;
    Savable* own_state() override { return this; }
    Result<state::Json> save() override;
    Result<> load(const state::Json& saved) override;
    Result<> load_resource(const gpu::ResourceState& saved);
    Result<> load_shown(const State& saved);

    template <class T>
    bool read(u64 offset, T& out) const;
    u64 serve_one();
    Reply carry_out(u32 command);
    template <class Body>
    Reply run(Reply (VirtioGpu::*handler)(const Body&));
    Reply get_display_info() const;
    Reply get_edid(const gpu::GetEdid& body);
    Reply create_resource(const gpu::ResourceCreate2d& body);
    Reply forget_resource(const gpu::OfResource& body);
    Reply set_scanout(const gpu::SetScanout& body);
    Reply flush(const gpu::ResourceFlush& body);
    Reply transfer(const gpu::TransferToHost2d& body);
    Reply attach_backing(const gpu::AttachBacking& body);
    Reply detach_backing(const gpu::OfResource& body);
    Reply update_cursor(const gpu::CursorCommand& body);
    Reply move_cursor(const gpu::CursorCommand& body);

    gpu::Resource* find(u32 id);
    bool may_show(const Scanout& scanout);
    u64 memory_left() const { return limit_ - std::min(limit_, used_); }
    void place_cursor(u32 x, u32 y);
    void draw_cursor(backend::Picture& picture) const;
    void show_config();

    const bool edid_;
    const u64 limit_;
    backend::Screens& screens_;
    u32 width_;  // that the monitor prefers
    u32 height_;
    u32 events_ = 0;
    u64 used_ = 0;  // of the host's memory, by resources
    std::map<u32, gpu::Resource> resources_;
    Scanout scanout_;
    Cursor cursor_;
    bus::virtio::Chain chain_;
    u64 work_ = 0;  // bytes, since other work of the loop had its turn
};

}  // namespace kelvin::device
