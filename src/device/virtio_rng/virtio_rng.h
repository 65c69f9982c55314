// SPDX-License-Identifier: Apache-2.0
// Virtio entropy device (virtio 1.2, 5.4).
#pragma once

#include <string>

#include "backend/entropy/entropy_source.h"
#include "base/clock.h"
#include "bus/device_type.h"
#include "bus/virtio/device.h"

namespace kelvin::device {

class VirtioRng final : public bus::virtio::Device, private bus::Savable {
  public:
    struct Options {
        std::string rng;
        u64 max_bytes = ~u64{0};
        u32 period = 65536;
        bus::virtio::RingOptions ring;

        template <class Visitor>
        void fields(Visitor& visit) {
            visit("rng", rng, "the -object rng-... that its bytes come from; the host's generator if left out");
            visit("max-bytes", max_bytes, "how many bytes the guest may take in a period");
            visit("period", period, "milliseconds");
            ring.fields(visit);
        }
    };
    static Result<std::unique_ptr<VirtioRng>> create(const Options& options, const bus::Surroundings& surroundings);

    /// `source` must outlive the device.
    VirtioRng(const Options& options, EventLoop& io, memory::Dma& dma, backend::EntropySource& source);

  private:
    struct State {
        u64 left = 0;

        template <class Visitor>
        void fields(Visitor& visit) {
            visit("left", left);
        }
    };
    /// What is filled at once: a request may ask for gigabytes.
    static constexpr std::size_t kPiece = 4096;

    void started(u64 features) override;
    void stopped() override;
    void queue_notified(u16 queue) override;
    Savable* own_state() override { return this; }
    void quiesce() override;
    Result<state::Json> save() override;
    Result<> load(const state::Json& saved) override;
    u64 fill(const bus::virtio::Chain& chain);
    bool answer(const bus::virtio::Chain& chain);
    void go_on();

    const u64 max_bytes_;
    const i64 period_ns_;
    backend::EntropySource& source_;
    u64 left_ = 0;  // in this period
    bool waiting_ = false;
    bool unanswered_ = false;  // chain_ is a request that waits
    bus::virtio::Chain chain_;
};

}  // namespace kelvin::device
