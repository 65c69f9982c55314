// SPDX-License-Identifier: Apache-2.0
// Virtio block device (virtio 1.2, 5.2).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backend/block/block_device.h"
#include "bus/device_type.h"
#include "bus/virtio/device.h"

namespace kelvin::device {

class VirtioBlk final : public bus::virtio::Device, private bus::Savable {
  public:
    struct Options {
        std::string drive;
        std::string serial;
        std::optional<i32> bootindex;
        u16 num_queues = 0;
        u16 queue_size = 256;
        bool discard = true;
        bool write_zeroes = true;
        bool config_wce = true;
        state::OnOffAuto write_cache = state::OnOffAuto::automatic;
        u32 logical_block_size = 512;
        u32 physical_block_size = 512;
        u32 min_io_size = 0;
        u32 opt_io_size = 0;
        bool share_rw = false;
        backend::ErrorPolicy on_error;
        bus::virtio::RingOptions ring;

        template <class Visitor>
        void fields(Visitor& visit) {
            visit("drive", drive, "the -drive or -blockdev that holds its data");
            visit("serial", serial, "what the guest sees as its serial number, 20 characters at most");
            visit("bootindex", bootindex, "where it is in the order in which firmware tries to boot, from 0");
            visit("num-queues", num_queues, "0: one a processor");
            visit("queue-size", queue_size, "requests in a queue, a power of two");
            visit("discard", discard, "the guest may give back blocks that it does not need");
            visit("write-zeroes", write_zeroes, "the guest may clear blocks without sending zeroes");
            visit("config-wce", config_wce, "the guest may choose whether writes are cached");
            visit("write-cache", write_cache, "whether writes are cached at first");
            visit("logical_block_size", logical_block_size, "bytes, 512 to 32768");
            visit("physical_block_size", physical_block_size, "bytes, 512 to 32768");
            visit("min_io_size", min_io_size, "bytes; what requests are best a multiple of");
            visit("opt_io_size", opt_io_size, "bytes; what requests are best long");
            visit("share-rw", share_rw, "accepted, without effect");
            on_error.fields(visit);
            ring.fields(visit);
        }
    };
    static Result<std::unique_ptr<VirtioBlk>> create(const Options& options, const bus::Surroundings& surroundings);

    /// `options` has been checked; `disk` outlives the device.
    VirtioBlk(const Options& options, EventLoop& io, memory::Dma& dma, backend::BlockDevice& disk);
    ~VirtioBlk() override;

    std::optional<bus::Bootable> bootable() const override { return bootable_; }

  private:
    struct Request;
    struct State {
        bool cached = true;

        template <class Visitor>
        void fields(Visitor& visit) {
            visit("cached", cached);
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

    void publish_limits(const Options& options);
    void publish_size(bool announce);
    Request& take_request();
    void begin(Request& request);
    void transfer(Request& request, bool is_write, u64 sector);
    void clear(Request& request, bool discards);
    void identify(Request& request);
    void submit(Request& request);
    void finish(Request& request, u8 status);
    bool in_range(u64 sector, u64 bytes) const;

    backend::BlockDevice& disk_;
    const bus::Bootable bootable_;
    const std::string serial_;
    const u32 block_size_;
    const bool cached_at_first_;
    bool cached_ = true;                              // writes may wait for a flush
    std::vector<std::unique_ptr<Request>> requests_;  // all there are
    std::vector<Request*> idle_;                      // those to be used again
};

}  // namespace kelvin::device
