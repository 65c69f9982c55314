// SPDX-License-Identifier: Apache-2.0
// Virtio over MMIO (virtio 1.2, 4.2), version 2: the registers of one slot, and the slot as a bus for one device.
#pragma once

#include <atomic>
#include <mutex>

#include "base/wire.h"
#include "bus/virtio/device.h"
#include "memory/mmio.h"

namespace kelvin::bus::virtio {

/// Answers as a slot without a device until one is plugged in, before the vCPUs start. Registers are used by vCPUs, one
/// at a time; interrupts are raised from the I/O loop's thread.
class MmioTransport final : public memory::MmioHandler, public bus::Bus, private Transport {
  public:
    /// `name` is the bus's; `interrupt` outlives the slot.
    MmioTransport(std::string name, Wire interrupt);
    ~MmioTransport() override;

    /// To the state after power-on; the device is its owner's to reset. While no vCPU runs.
    void reset();

    /// The slot's registers, without its device.
    struct State {
        u32 device_features_select = 0;
        u32 driver_features_select = 0;
        u32 queue_select = 0;
        u32 interrupt_status = 0;

        template <class Visitor>
        void fields(Visitor& visit) {
            visit("device_features_select", device_features_select);
            visit("driver_features_select", driver_features_select);
            visit("queue_select", queue_select);
            visit("interrupt_status", interrupt_status);
        }
    };
    State save();
    /// As far as registers can hold it.
    void restore(const State& state);

    u64 read(u64 offset, unsigned size) override;
    void write(u64 offset, unsigned size, u64 value) override;

    bool has_free_place() const override { return device_ == nullptr; }
    Result<> attach(bus::Device& device, bool hot) override;
    void detach(bus::Device& device) override;
    Result<> request_detach(bus::Device& device, bus::DetachObserver& observer) override;
    std::string place_of(const bus::Device& device) const override;

  private:
    u32 read_register(u64 offset);
    void write_register(u64 offset, u32 value);
    void write_queue_register(u64 offset, u32 value);
    void queue_interrupt(u16 queue) override;
    void config_interrupt() override;
    void change_interrupts(u32 set, u32 cleared);

    const Wire interrupt_;
    Device* device_ = nullptr;
    u32 device_features_select_ = 0;
    u32 driver_features_select_ = 0;
    u32 queue_select_ = 0;

    std::mutex lock_;  // guards the next, and the wire's order; outside the interrupt controller's
    u32 interrupt_status_ = 0;
};

}  // namespace kelvin::bus::virtio
