// SPDX-License-Identifier: Apache-2.0
// The host's end of a balloon: how much memory the guest is to have, how much it has, what it says of its memory.
#pragma once

#include <array>
#include <mutex>
#include <optional>
#include <string_view>

#include "base/event_loop.h"
#include "base/result.h"
#include "base/types.h"

namespace kelvin::backend {

/// Figures of the guest's memory, by the tags of virtio 1.2, 5.5.6.4, and of Linux 6.12 from `oom-kills` on.
struct BalloonStatistics {
    static constexpr auto kNames = std::to_array<std::string_view>(
        {"stat-swap-in", "stat-swap-out", "stat-major-faults", "stat-minor-faults", "stat-free-memory",
         "stat-total-memory", "stat-available-memory", "stat-disk-caches", "stat-htlb-pgalloc", "stat-htlb-pgfail",
         "stat-oom-kills", "stat-alloc-stalls", "stat-async-scans", "stat-direct-scans", "stat-async-reclaims",
         "stat-direct-reclaims"});

    std::array<std::optional<u64>, kNames.size()> values{};  ///< none: the guest has not said; sizes are in bytes
    i64 last_update = 0;                                     ///< seconds since 1970; 0: never
};

/// The device that a guest's balloon driver uses. The I/O loop's thread.
class BalloonDevice {
  public:
    virtual ~BalloonDevice() = default;
    /// The guest is to give back `bytes` of its memory altogether.
    virtual void set_inflation(u64 bytes) = 0;
    /// How often it asks the guest for figures; 0: never.
    virtual void set_polling_interval(u32 seconds) = 0;
};

/// Told by the control loop's thread.
class BalloonObserver {
  public:
    virtual ~BalloonObserver() = default;
    /// What the guest has now; at most once in a second, and then what it has at that time.
    virtual void balloon_changed(u64 actual_bytes) = 0;
};

/// A machine has one.
class MemoryBalloon {
  public:
    /// Both loops outlive it, and so does `observer`, which may be null.
    MemoryBalloon(u64 ram_size, EventLoop& io, EventLoop& control, BalloonObserver* observer);
    ~MemoryBalloon();
    MemoryBalloon(const MemoryBalloon&) = delete;
    MemoryBalloon& operator=(const MemoryBalloon&) = delete;

    // For control; a user's error if there is no device:

    /// The guest is to have `bytes` of memory, or all if that is more. It does that by and by, if at all.
    Result<> set_target(u64 bytes);
    Result<u64> actual() const;
    Result<BalloonStatistics> statistics() const;
    Result<> set_polling_interval(u32 seconds);
    Result<u32> polling_interval() const;

    // For the device, on the I/O loop's thread:

    /// False if there is another. Nothing is wanted of `device` at first.
    bool connect(BalloonDevice& device);
    void disconnect();
    /// How much the guest has given back; more than it ever had is as much as all.
    void report_inflation(u64 bytes);
    void report_statistics(const BalloonStatistics& statistics);

  private:
    Result<> require_device() const;
    void tell_observer();

    const u64 ram_size_;
    EventLoop& io_;
    EventLoop& control_;
    BalloonObserver* const observer_;

    mutable std::mutex lock_;  // guards what follows; innermost
    BalloonDevice* device_ = nullptr;
    u64 inflation_ = 0;
    BalloonStatistics statistics_;
    u32 polling_interval_ = 0;
    bool telling_ = false;  // tell_observer() is posted
    i64 told_at_ns_;
};

}  // namespace kelvin::backend
