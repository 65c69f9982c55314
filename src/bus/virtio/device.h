// SPDX-License-Identifier: Apache-2.0
// A virtio device without its transport (virtio 1.2, 2 and 3): features, status, queues, configuration space.
#pragma once

#include <atomic>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/event_loop.h"
#include "bus/device.h"
#include "bus/virtio/queue.h"
#include "memory/dma.h"

namespace kelvin::bus::virtio {

/// How a device reaches the driver. Called from any thread, with no lock of the device's held.
class Transport {
  public:
    virtual ~Transport() = default;
    virtual void queue_interrupt(u16 queue) = 0;
    virtual void config_interrupt() = 0;
};

/// What -device may say about the rings of any virtio device; part of its Options.
struct RingOptions {
    bool indirect_desc = true;
    bool event_idx = true;
    bool packed = false;
    bool iommu_platform = false;

    template <class Visitor>
    void fields(Visitor& visit) {
        visit("indirect_desc", indirect_desc, "requests may be in tables of their own");
        visit("event_idx", event_idx, "both sides say at which request they want to be told");
        visit("packed", packed, "rings may be packed");
        visit("iommu_platform", iommu_platform, "the driver uses the platform's DMA addresses");
    }
    u64 features() const;
};

/// What a kind of device is to its transport.
struct Identity {
    u16 id = 0;                         ///< section 5
    u32 pci_class = 0;                  ///< base class, sub-class and interface
    u64 features = 0;                   ///< offered, with those of the rings
    std::vector<u16> queue_sizes = {};  ///< the largest that each queue may be
    u32 config_size = 0;
};

/// A queue as the driver describes it, before it is in use.
struct QueueRegisters {
    u16 largest = 0;  ///< 0: there is no such queue
    RingPlace place;
    bool enabled = false;
};

/// The public part is the transport's and may be called from any thread. The protected part is for the kind of device
/// and belongs to the I/O loop's thread: there everything that a device does happens, so that it needs no lock.
class Device : public bus::Device {
  public:
    /// `io` and `dma` outlive the device.
    Device(Identity identity, EventLoop& io, memory::Dma& dma);
    ~Device() override;

    const Identity& identity() const { return identity_; }
    u16 queue_count() const { return static_cast<u16>(identity_.queue_sizes.size()); }
    /// While it is plugged in.
    void set_transport(Transport* transport) { transport_ = transport; }

    u64 driver_features() const;
    void set_driver_features(u64 features);
    u8 status() const;
    /// Zero resets: when this returns the device has let go of every request and of all memory.
    void set_status(u8 value);

    /// From a driver that knows the interface before virtio 1.0 only (3.1.1, Legacy Interface): it does not agree to
    /// features, and may have filled queues before it was ready.
    void set_legacy_status(u8 value);

    QueueRegisters queue_registers(u16 queue) const;
    /// Calls `change(registers)` unless the queue is enabled already: it cannot be moved while in use.
    template <class Change>
    void change_queue(u16 queue, Change change) {
        const std::lock_guard lock(lock_);
        if (queue < queues_.size() && !queues_[queue].enabled) {
            change(queues_[queue]);
        }
    }
    /// Nothing happens once the driver is ready: only a reset takes a queue out of use.
    void set_queue_enabled(u16 queue, bool enabled);
    void notify(u16 queue);

    /// Changes with every change of configuration space that is not the driver's doing.
    u32 config_generation() const { return config_generation_.load(std::memory_order_acquire); }
    /// Bytes beyond the end read as zero and are not written.
    void read_config(u32 offset, std::span<u8> out) const;
    void write_config(u32 offset, std::span<const u8> data);

    void reset() override;
    Savable* savable() override { return own_state() != nullptr ? &saver_ : nullptr; }

    /// Which rule the driver broke last, for lists; empty if none.
    std::string fault() const;

  protected:
    // What a kind of device does:

    /// The driver is ready, and has accepted `features`.
    virtual void started(u64 features) = 0;
    /// To be as it was made. Every request must have been given back or forgotten when this returns, and nothing that
    /// is under way may touch guest memory any more. Called only after started(). What was posted to the loop for this
    /// object is taken back afterwards.
    virtual void stopped() = 0;
    /// There may be chains in `queue`.
    virtual void queue_notified(u16 queue) = 0;
    /// True if `features` go together.
    virtual bool accepts(u64 /*features*/) const { return true; }
    /// The driver has written to configuration space, where nothing changes by that itself.
    virtual void config_written(u32 /*offset*/, std::span<const u8> /*data*/) {}

    /// What this kind of device has besides registers and queues, to save it; null: it cannot be saved. quiesce() is
    /// called only while running(). load() finds features(), running() and the queues as they were saved, and does what
    /// started() does, which is not called; every queue in use is notified afterwards.
    virtual Savable* own_state() { return nullptr; }

    // What it may use:

    EventLoop& io() const { return io_; }
    const memory::Dma& dma() const { return dma_; }
    bool running() const { return running_; }
    u64 features() const { return features_; }
    bool has(u64 feature) const { return (features_ & feature) != 0; }

    /// The next chain of `queue`; false if there is none, or it is none and the device has failed.
    bool take(u16 queue, Chain& chain);
    void give_back(u16 queue, const Chain& chain, u64 written);
    /// The driver sees all of them or none.
    void give_back(u16 queue, std::span<const Returned> chains);
    /// Gives chains to `handle(chain)`, which returns false to leave off, until there are no more; then the driver is
    /// asked to tell of new ones. After kFuel of them the loop's other work has its turn first.
    template <class Handle>
    void serve(u16 queue, Chain& chain, Handle handle) {
        for (unsigned fuel = kFuel; fuel != 0; --fuel) {
            if (!next_chain(queue, chain)) {
                return;
            }
            if (!handle(chain)) {
                return;
            }
        }
        notify(queue);
    }
    /// take(), but when there is none the driver is asked to tell.
    bool next_chain(u16 queue, Chain& chain);
    bool queue_enabled(u16 queue) const { return queue < active_.size() && active_[queue].has_value(); }

    /// Puts the chains that were taken last from `queue`, which are `chains`, back there, to be taken again: it is
    /// notified. For quiesce().
    void put_back(u16 queue, std::span<const Chain> chains);

    /// What the driver reads from configuration space. Before the driver is there, and later with a generation's change
    /// and an interrupt.
    void set_config(u32 offset, std::span<const u8> data);
    void change_config(u32 offset, std::span<const u8> data);

    /// The driver has broken a rule: nothing works until it resets the device.
    void fail(std::string why);

    /// How many chains a busy driver may have served before others have their turn.
    static constexpr unsigned kFuel = 2048;

  private:
    struct StateChecks;
    class Saver final : public Savable {
      public:
        explicit Saver(Device& device) : device_(device) {}
        void quiesce() override;
        Result<state::Json> save() override;
        Result<> load(const state::Json& saved) override;

      private:
        Device& device_;
    };

    void begin();
    void start();
    void stop();
    Result<> reopen(u16 queue, const RingState& ring);
    void reset_registers();
    void run_pending();
    bool acceptable(u64 features) const;

    const Identity identity_;
    EventLoop& io_;
    memory::Dma& dma_;
    std::atomic<Transport*> transport_ = nullptr;

    std::vector<std::atomic<bool>> pending_;  // by queue: notified, not yet looked at
    std::atomic<bool> scheduled_ = false;     // run_pending() is posted

    mutable std::mutex lock_;  // guards what follows; innermost
    u64 driver_features_ = 0;
    u8 status_ = 0;
    std::vector<QueueRegisters> queues_;
    std::vector<u8> config_;
    std::string fault_;
    std::atomic<u32> config_generation_ = 0;

    // The I/O loop's thread only:
    bool running_ = false;
    u64 features_ = 0;
    std::vector<std::optional<Queue>> active_;

    Saver saver_{*this};
};

}  // namespace kelvin::bus::virtio
