// SPDX-License-Identifier: Apache-2.0
// What -device makes, and what it is plugged into.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/types.h"
#include "bus/savable.h"
#include "state/json.h"

namespace kelvin::bus {

class Bus;

/// What firmware may start a system from.
struct Bootable {
    enum class Kind : u8 { disk, cd, network };
    Kind kind = Kind::disk;
    std::optional<i32> index;  ///< the user's, of which the least comes first; negative: none
    std::string node;          ///< how Open Firmware calls it behind its place on the bus: "disk@0,0"; may be empty
};

/// A device that a user can add, and take away again. Made and destroyed on the I/O loop's thread; plugged in and taken
/// out on the control loop's, which may wait for vCPUs that wait for the I/O loop, and never the other way round.
class Device {
  public:
    virtual ~Device() = default;

    /// To the state after power-on. While no vCPU runs.
    virtual void reset() = 0;
    /// Its state, to save it; null: there is no saving of this kind of device.
    virtual Savable* savable() { return nullptr; }
    /// The buses that it provides: a root port's, a SCSI controller's. They live as long as the device.
    virtual std::span<Bus* const> buses() { return {}; }
    /// Any thread.
    virtual std::optional<Bootable> bootable() const { return {}; }
};

/// Why a device leaves its bus.
class DetachObserver {
  public:
    virtual ~DetachObserver() = default;
    /// The guest has let go of `device`, which it was asked to: it may be destroyed, later and by the owner. Any
    /// thread.
    virtual void device_released(Device& device) = 0;
};

/// Where devices of one kind are plugged in. The control loop's thread.
class Bus {
  public:
    explicit Bus(std::string kind) : kind_(std::move(kind)) {}
    virtual ~Bus() = default;
    Bus(const Bus&) = delete;
    Bus& operator=(const Bus&) = delete;

    /// "PCI", "virtio-bus", "SCSI": DeviceType::bus of what fits.
    const std::string& kind() const { return kind_; }
    /// "pcie.0". Given by who owns the bus's device.
    const std::string& name() const { return name_; }
    void set_name(std::string name) { name_ = std::move(name); }
    /// True if a device of which no bus was named may be put here and there is a place left.
    virtual bool has_free_place() const = 0;

    /// Plugs in `device`, whose type's bus is this kind, at the place that its options ask for. A machine that runs
    /// sees it appear if `hot`; a bus where that is not possible refuses. The device must be detached before it dies.
    virtual Result<> attach(Device& device, bool hot) = 0;
    /// Takes it out at once, like a cable that is pulled: nothing of the bus calls it any more when this returns.
    virtual void detach(Device& device) = 0;
    /// Asks the guest to let go of it; `observer` is told when it has, perhaps before this returns.
    virtual Result<> request_detach(Device& device, DetachObserver& observer) = 0;
    /// Where it is, as lists show it: "addr 02.0".
    virtual std::string place_of(const Device& device) const = 0;
    /// How Open Firmware calls that: "scsi@2,1"; empty if a bus has one place only, or firmware starts nothing there.
    virtual std::string firmware_node(const Device& /*device*/) const { return {}; }

  private:
    std::string kind_;
    std::string name_;
};

}  // namespace kelvin::bus
