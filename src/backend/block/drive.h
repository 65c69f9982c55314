// SPDX-License-Identifier: Apache-2.0
// What a guest's disk device is attached to: the top of a stack of layers, with the user's options for the drive.
#pragma once

#include <memory>
#include <vector>

#include "backend/block/block_device.h"
#include "backend/block/io_context.h"
#include "backend/block/node.h"

namespace kelvin::block {

enum class DetectZeroes : u8 { off, on, unmap };

struct DriveOptions {
    std::string name = {};  ///< for messages
    std::string serial = {};
    bool read_only = false;
    bool write_through = false;  ///< every write is durable before it is done
    DetectZeroes detect_zeroes = DetectZeroes::off;
    bool discard = true;  ///< what is discarded is given back
    backend::ErrorPolicy on_error = {};
};

class Drive final : public backend::BlockDevice {
  public:
    /// A null `node`: there is no medium.
    Drive(IoContext& io, std::shared_ptr<BlockNode> node, DriveOptions options);
    /// Nothing may be in flight: drain() first.
    ~Drive() override;

    u64 size() const override { return size_; }
    bool read_only() const override { return options_.read_only || node_ == nullptr || node_->read_only(); }
    const backend::BlockLimits& limits() const override { return limits_; }
    const std::string& name() const override { return options_.name; }
    const std::string& serial() const override { return options_.serial; }
    void submit(backend::BlockRequest& request) override;
    void begin_batch() override { io_.begin_batch(); }
    void end_batch() override { io_.end_batch(); }
    void drain() override;
    void set_error_policy(const backend::ErrorPolicy& policy) override { policy_ = policy.or_else(options_.on_error); }
    void settle() override;
    bool holds_requests() const override { return !held_.empty(); }
    void set_size_handler(void (*handler)(void* context), void* context) override;
    bool has_medium() const override { return node_ != nullptr; }
    void set_tray(backend::Tray* tray) override { tray_ = tray; }
    void tray_moved(bool open) override;

    BlockNode& node() { return *node_; }
    const std::shared_ptr<BlockNode>& shared_node() const { return node_; }
    const DriveOptions& options() const { return options_; }
    u64 in_flight() const { return in_flight_; }

    /// A request that was sound, and that the host did not carry out.
    struct Failure {
        bool is_read = false;
        int error = 0;  ///< errno
        backend::ErrorAction action = backend::ErrorAction::report;
    };
    /// Told of failures before their requests are done, or kept. Without one nothing is kept: nobody would retry it.
    void set_failure_handler(void (*handler)(void* context, const Failure& failure), void* context);
    /// From here on it is a disk on `node`, which holds the same as the former one. Nothing may be in flight.
    void replace_node(std::shared_ptr<BlockNode> node, bool discard, DetectZeroes detect_zeroes);
    /// Another medium, which is only read, or none; the device is told. Nothing may be in flight.
    void set_medium(std::shared_ptr<BlockNode> node);
    /// The device's; null: it has none.
    backend::Tray* tray() const { return tray_; }
    void set_tray_handler(void (*handler)(void* context, bool open), void* context);
    /// Submits the requests that were kept again.
    void retry_held();
    const backend::ErrorPolicy& error_policy() const { return policy_; }
    /// The errno of the first request that was kept since the last retry; 0: none.
    int held_error() const { return held_error_; }

    /// Changes the disk's size, and tells the device. Waits for what is in flight.
    Result<> resize(u64 size);

    /// What the device has asked for, by kind; times are those from submission to the end.
    struct Statistics {
        struct Counters {
            u64 operations = 0;
            u64 failed = 0;
            u64 invalid = 0;  ///< refused: beyond the end, or a disk that is read-only
            u64 bytes = 0;
            u64 time_ns = 0;
        };
        Counters reads, writes, flushes, discards;
        u64 last_ns = 0;  ///< when a request ended last, by the monotonic clock; 0: never
    };
    const Statistics& statistics() const { return statistics_; }

  private:
    struct Flight;

    Flight& take_flight(backend::BlockRequest& request);
    void launch(Flight& flight);
    bool fly_direct(Flight& flight);
    static void direct_done(IoOperation& operation);
    Detached fly(Flight& flight);
    Task<int> perform(backend::BlockRequest& request);
    Task<int> perform_write(backend::BlockRequest& request);
    void finish(Flight& flight, int error);
    backend::ErrorAction settle_failure(const Flight& flight, int error);
    void complete(Flight& flight, int error);
    static void finish_later(void* flight);
    int refusal(const backend::BlockRequest& request) const;
    void count(const Flight& flight, int error);
    void read_limits();
    void read_size();

    IoContext& io_;
    std::shared_ptr<BlockNode> node_;
    DriveOptions options_;
    backend::BlockLimits limits_;
    Statistics statistics_;
    u64 size_ = 0;
    u64 in_flight_ = 0;
    bool submitting_ = false;
    backend::ErrorPolicy policy_ = options_.on_error;
    std::vector<Flight*> held_;  // failed, and kept until retry_held() or drain(); not counted as in flight
    int held_error_ = 0;
    bool draining_ = false;
    void (*failure_handler_)(void*, const Failure&) = nullptr;
    void* failure_context_ = nullptr;
    std::vector<std::unique_ptr<Flight>> flights_;  // all there are
    std::vector<Flight*> idle_;                     // those to be used again
    backend::Tray* tray_ = nullptr;
    void (*tray_handler_)(void*, bool) = nullptr;
    void* tray_context_ = nullptr;
    void (*size_handler_)(void*) = nullptr;
    void* size_context_ = nullptr;
};

}  // namespace kelvin::block
