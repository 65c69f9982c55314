// SPDX-License-Identifier: Apache-2.0
// Virtio SCSI host (virtio 1.2, 5.6): a bus of SCSI devices.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bus/device_type.h"
#include "bus/scsi/scsi.h"
#include "bus/virtio/device.h"

namespace kelvin::device {

class VirtioScsi final : public bus::virtio::Device, private bus::scsi::BusListener, private bus::Savable {
  public:
    struct Options {
        u16 num_queues = 0;
        u16 virtqueue_size = 256;
        u32 max_sectors = 0xffff;
        u32 cmd_per_lun = 128;
        bool hotplug = true;
        bool param_change = true;
        bus::virtio::RingOptions ring;

        template <class Visitor>
        void fields(Visitor& visit) {
            visit("num_queues", num_queues, "queues for commands; 0: one a processor");
            visit("virtqueue_size", virtqueue_size, "requests in a queue, a power of two");
            visit("max_sectors", max_sectors, "sectors that the guest moves at once");
            visit("cmd_per_lun", cmd_per_lun, "commands that the guest gives a unit at once");
            visit("hotplug", hotplug, "the guest is told of units that come and go");
            visit("param_change", param_change, "the guest is told of units that change");
            ring.fields(visit);
        }
    };
    static Result<std::unique_ptr<VirtioScsi>> create(const Options& options, const bus::Surroundings& surroundings);

    /// `options` has been checked; `name` is the bus's.
    VirtioScsi(const Options& options, EventLoop& io, memory::Dma& dma, const std::string& name);
    ~VirtioScsi() override;

    std::span<bus::Bus* const> buses() override { return {&bus_pointer_, 1}; }

  private:
    struct Command;
    struct Event {
        u32 target = 0;
        u32 lun = 0;
        u32 reason = 0;

        template <class Visitor>
        void fields(Visitor& visit) {
            visit("target", target);
            visit("lun", lun);
            visit("reason", reason);
        }
    };
    struct State {
        std::vector<Event> events;
        bool events_lost = false;

        template <class Visitor>
        void fields(Visitor& visit) {
            visit("events", events);
            visit("events_lost", events_lost);
        }
        Result<> check() const;
    };
    /// Events that wait for the driver; beyond it they are lost, and the driver is told that some were.
    static constexpr std::size_t kMaxEvents = 64;

    void started(u64 features) override;
    void stopped() override;
    void queue_notified(u16 queue) override;
    void unit_changed(u32 target, u32 lun, bool arrived) override;

    Savable* own_state() override { return this; }
    void quiesce() override;
    Result<state::Json> save() override;
    Result<> load(const state::Json& saved) override;

    void run_commands(u16 queue);
    void manage(const bus::virtio::Chain& chain);
    void send_events();
    Command& take_command();

    bus::scsi::ScsiBus bus_;
    bus::Bus* bus_pointer_ = &bus_;
    bus::virtio::Chain chain_;
    std::deque<Event> events_;
    bool events_lost_ = false;
    std::vector<std::unique_ptr<Command>> commands_;  // all there are
    std::vector<Command*> idle_;                      // those to be used again
};

}  // namespace kelvin::device
