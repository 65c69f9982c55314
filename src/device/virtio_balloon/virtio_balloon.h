// SPDX-License-Identifier: Apache-2.0
// Virtio memory balloon (virtio 1.2, 5.5): the guest lends pages to the host, reports free ones, and says how it does.
#pragma once

#include <array>

#include "backend/balloon/memory_balloon.h"
#include "bus/device_type.h"
#include "bus/virtio/device.h"

namespace kelvin::device {

class VirtioBalloon final : public bus::virtio::Device, private backend::BalloonDevice, private bus::Savable {
  public:
    struct Options {
        bool deflate_on_oom = false;
        bool free_page_reporting = false;
        bool page_poison = true;
        bool free_page_hint = false;
        bus::virtio::RingOptions ring;

        template <class Visitor>
        void fields(Visitor& visit) {
            visit("deflate-on-oom", deflate_on_oom, "a guest that runs out of memory takes lent pages back");
            visit("free-page-reporting", free_page_reporting, "the guest reports free pages, which go to the host");
            visit("page-poison", page_poison, "the guest says what it fills free pages with");
            visit("free-page-hint", free_page_hint, "on is refused: no migration uses the hints");
            ring.fields(visit);
        }
    };
    static Result<std::unique_ptr<VirtioBalloon>> create(const Options& options, const bus::Surroundings& surroundings);

    /// `balloon` outlives the device, and no other is connected to it.
    VirtioBalloon(const Options& options, EventLoop& io, memory::Dma& dma, backend::MemoryBalloon& balloon);
    ~VirtioBalloon() override;

  private:
    /// When the guest is asked for figures: what is posted to the loop under a name of its own, so as to be taken back.
    struct Poll {
        VirtioBalloon& device;
        void ask();
    };

    struct State {
        u32 wanted_pages = 0;
        u32 actual_pages = 0;
        u32 poison = 0;

        template <class Visitor>
        void fields(Visitor& visit) {
            visit("wanted_pages", wanted_pages);
            visit("actual_pages", actual_pages);
            visit("poison", poison);
        }
    };

    void started(u64 features) override;
    void stopped() override;
    void queue_notified(u16 queue) override;
    void config_written(u32 offset, std::span<const u8> data) override;

    Savable* own_state() override { return this; }
    void quiesce() override;
    Result<state::Json> save() override;
    Result<> load(const state::Json& saved) override;

    void set_inflation(u64 bytes) override;
    void set_polling_interval(u32 seconds) override;

    bool inflate(const bus::virtio::Chain& chain);
    bool discard_reported(const bus::virtio::Chain& chain);
    void take_statistics();
    void schedule_poll();
    u16 reporting_queue() const;
    u32 config_word(u32 at) const;

    backend::MemoryBalloon& balloon_;
    u32 poison_ = 0;
    u32 polling_interval_ = 0;
    bool holds_statistics_ = false;  // statistics_ is the driver's buffer, which goes back when figures are wanted
    Poll poll_{*this};
    bus::virtio::Chain chain_;
    bus::virtio::Chain statistics_;
};

}  // namespace kelvin::device
