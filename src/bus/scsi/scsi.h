// SPDX-License-Identifier: Apache-2.0
// SCSI between a controller and what is connected to it: commands, their data, how they end (SAM-5, SPC-4).
#pragma once

#include <sys/uio.h>

#include <array>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/event_loop.h"
#include "base/types.h"
#include "bus/device.h"

namespace kelvin::bus::scsi {

/// SAM-5, 5.3.
enum class Status : u8 { good = 0x00, check_condition = 0x02, busy = 0x08, task_aborted = 0x40 };

/// Why a command failed: sense key, additional code and its qualifier (SPC-4, 4.5).
struct Sense {
    u8 key = 0;
    u8 code = 0;
    u8 qualifier = 0;
    bool operator==(const Sense&) const = default;
    /// In the fixed format.
    std::array<u8, 18> fixed() const;
};

namespace sense {
inline constexpr Sense kNone{0, 0, 0};
inline constexpr Sense kNoMedium{2, 0x3a, 1};  ///< the tray is closed
inline constexpr Sense kNoMediumTrayOpen{2, 0x3a, 2};
inline constexpr Sense kReadError{3, 0x11, 0};
inline constexpr Sense kWriteError{3, 0x0c, 0};
inline constexpr Sense kInvalidCommand{5, 0x20, 0};
inline constexpr Sense kOutOfRange{5, 0x21, 0};
inline constexpr Sense kInvalidField{5, 0x24, 0};
inline constexpr Sense kNoSuchUnit{5, 0x25, 0};
inline constexpr Sense kInvalidParameter{5, 0x26, 0};
inline constexpr Sense kRemovalPrevented{5, 0x53, 2};
inline constexpr Sense kMediumMayHaveChanged{6, 0x28, 0};
inline constexpr Sense kPowerOn{6, 0x29, 0};
inline constexpr Sense kCapacityChanged{6, 0x2a, 9};
inline constexpr Sense kWriteProtected{7, 0x27, 0};
inline constexpr Sense kSpaceExhausted{7, 0x27, 7};
}  // namespace sense

/// A command on its way. The controller owns it until complete() was called, once.
class Request {
  public:
    virtual ~Request() = default;

    /// As many bytes as the longest command has, zero behind its end.
    static constexpr std::size_t kMaxCdb = 32;
    virtual std::span<const u8, kMaxCdb> cdb() const = 0;
    /// Room that the initiator has for data from the unit, and data that it has for it.
    virtual u64 in_size() const = 0;
    virtual u64 out_size() const = 0;
    /// False, and nothing is copied, unless all of the range is there.
    virtual bool write_in(u64 offset, std::span<const u8> data) = 0;
    virtual bool read_out(u64 offset, std::span<u8> data) const = 0;
    virtual bool in_pieces(u64 size, std::vector<iovec>& out) const = 0;
    virtual bool out_pieces(u64 size, std::vector<iovec>& out) const = 0;
    /// `transferred`: bytes of data that were moved in the command's direction.
    virtual void complete(Status status, const Sense& why, u64 transferred) = 0;

    void succeed(u64 transferred = 0) { complete(Status::good, sense::kNone, transferred); }
    void fail(const Sense& why) { complete(Status::check_condition, why, 0); }
    /// Succeeds with as much of `data` as the initiator has room for and asked for.
    void answer(std::span<const u8> data, u64 allocation);
};

/// What is connected to a bus. I/O loop's thread, but for Device's own.
class LogicalUnit : public bus::Device {
  public:
    struct Place {
        u32 channel = 0;
        std::optional<u32> target;
        u32 lun = 0;
    };
    explicit LogicalUnit(const Place& place) : place_(place) {}

    const Place& place() const { return place_; }
    /// Completes it now or later.
    virtual void execute(Request& request) = 0;
    /// Returns when every command that it was given is complete.
    virtual void drain() = 0;
    /// The same, but for commands that wait for the user to mend the host's storage.
    virtual void settle() { drain(); }

  private:
    Place place_;
};

/// Told when units come and go. I/O loop's thread.
class BusListener {
  public:
    virtual ~BusListener() = default;
    virtual void unit_changed(u32 target, u32 lun, bool arrived) = 0;
};

/// Bus's methods belong to the control loop's thread, execute() and units() to the I/O loop's.
class ScsiBus final : public bus::Bus {
  public:
    static constexpr u32 kMaxTarget = 255;
    static constexpr u32 kMaxLun = 16383;

    /// `io` outlives the bus; `listener` too, or it is null.
    ScsiBus(EventLoop& io, BusListener* listener);

    void execute(u32 target, u32 lun, Request& request);
    void drain();
    void settle();

    bool has_free_place() const override { return true; }
    Result<> attach(bus::Device& device, bool hot) override;
    void detach(bus::Device& device) override;
    /// The unit goes at once: its initiator is told afterwards.
    Result<> request_detach(bus::Device& device, bus::DetachObserver& observer) override;
    std::string place_of(const bus::Device& device) const override;
    std::string firmware_node(const bus::Device& device) const override;

  private:
    struct Address {
        u32 target = 0;
        u32 lun = 0;
        auto operator<=>(const Address&) const = default;
    };
    Result<Address> choose_place(const LogicalUnit& unit) const;
    Address address_of(const bus::Device& device) const;
    bool has_target(u32 target) const;
    void report_luns(u32 target, Request& request) const;

    EventLoop& io_;
    BusListener* const listener_;
    std::map<Address, LogicalUnit*> units_;
};

}  // namespace kelvin::bus::scsi
