// SPDX-License-Identifier: Apache-2.0
// ATA between a controller and its drives: commands, their data, how they end; and the cable, QEMU's bus of kind IDE.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <vector>

#include "base/event_loop.h"
#include "bus/ata/data_area.h"
#include "bus/ata/registers.h"
#include "bus/device.h"
#include "bus/scsi/scsi.h"

namespace kelvin::bus::ata {

/// How a command moves data (ATA8-APT, 4).
enum class Protocol : u8 { none, pio_in, pio_out, dma_in, dma_out, queued_in, queued_out, packet };

inline bool is_queued(Protocol protocol) {
    return protocol == Protocol::queued_in || protocol == Protocol::queued_out;
}
inline bool is_dma(Protocol protocol) {
    return protocol == Protocol::dma_in || protocol == Protocol::dma_out;
}
inline bool is_to_host(Protocol protocol) {
    return protocol == Protocol::pio_in || protocol == Protocol::dma_in || protocol == Protocol::queued_in;
}

/// What a command will do.
struct Plan {
    Protocol protocol = Protocol::none;
    u64 bytes = 0;            ///< that it moves, at most kMaxTransfer
    u64 block = kSectorSize;  ///< bytes that PIO moves without asking again
};

/// A command on its way; a PACKET command is SCSI's, with the data of the same area. The controller owns it until
/// ended() was called, once.
class Request : public scsi::Request {
  public:
    /// As the host wrote them; then what it shall read.
    Registers registers;
    DataArea data;
    std::array<u8, kMaxCdb> packet{};

    bool is_packet() const { return registers.command == command::kPacket; }
    /// Ends well, with `transferred` bytes of data.
    void finish(u64 transferred = 0);
    void refuse(u8 error);

    // As scsi::Request.
    std::span<const u8, kMaxCdb> cdb() const final { return packet; }
    u64 in_size() const final { return data.size(); }
    u64 out_size() const final { return data.size(); }
    bool write_in(u64 offset, std::span<const u8> bytes) final { return data.write(offset, bytes); }
    bool read_out(u64 offset, std::span<u8> bytes) const final { return data.read(offset, bytes); }
    bool in_pieces(u64 size, std::vector<iovec>& out) const final { return data.pieces(size, out); }
    bool out_pieces(u64 size, std::vector<iovec>& out) const final { return data.pieces(size, out); }
    void complete(scsi::Status status, const scsi::Sense& why, u64 transferred) final;

  protected:
    /// `registers` are what the host reads.
    virtual void ended(u64 transferred) = 0;
};

/// What a drive learns from where it is plugged in.
struct Connection {
    bool is_serial = false;
    unsigned number = 0;  ///< of the places of the controller, from 0
};

/// A drive. I/O loop's thread, but for Device's own.
class Unit : public bus::Device {
  public:
    explicit Unit(std::optional<u32> place) : wanted_(place) {}

    /// 0 or 1; none: a free one.
    std::optional<u32> wanted() const { return wanted_; }
    virtual void connected(const Connection& connection) = 0;
    /// Registers after a reset, which tell what it is (ATA8-ACS, 9.12), STATUS included.
    virtual Registers signature() const = 0;
    /// What the command in `registers` will do; one that will fail moves nothing.
    virtual Plan plan(const Registers& registers) const = 0;
    /// Ends it now or later. Its data area is what plan() said, or less if the host has no more for it; of a PACKET
    /// command what the host has room for: no packet takes data from the host.
    virtual void execute(Request& request) = 0;
    /// Bytes that a PACKET command can send the host at most.
    virtual u64 packet_size(std::span<const u8> /*packet*/) const { return 0; }
    /// A reset by software: settings that survive it stay (ATA8-ACS, 7.47).
    virtual void soft_reset() = 0;
    /// Returns when every command that it was given has ended.
    virtual void drain() = 0;
    /// The same, but for commands that wait for the user to mend the host's storage.
    virtual void settle() { drain(); }

  private:
    const std::optional<u32> wanted_;
};

/// Told when drives come and go. I/O loop's thread.
class CableListener {
  public:
    virtual ~CableListener() = default;
    /// `hot`: the machine has begun to run.
    virtual void unit_attached(unsigned place, Unit& unit, bool hot) = 0;
    /// Drained; nothing uses it any more when this returns.
    virtual void unit_detached(unsigned place) = 0;
};

/// A cable with places for one drive or two. The control loop's thread.
class IdeBus final : public bus::Bus {
  public:
    static constexpr const char* kKind = "IDE";
    static constexpr unsigned kMaxPlaces = 2;

    struct Shape {
        unsigned number = 0;  ///< of the controller's cables
        unsigned places = kMaxPlaces;
        bool is_serial = false;  ///< SATA, where drives come and go
    };
    /// `io` and `listener` outlive it.
    IdeBus(EventLoop& io, CableListener& listener, const Shape& shape, const std::string& name);

    bool has_free_place() const override { return free_place().has_value(); }
    Result<> attach(bus::Device& device, bool hot) override;
    void detach(bus::Device& device) override;
    Result<> request_detach(bus::Device& device, bus::DetachObserver& observer) override;
    std::string place_of(const bus::Device& device) const override;
    std::string firmware_node(const bus::Device& device) const override;

  private:
    std::optional<unsigned> free_place() const;
    Result<unsigned> choose_place(const Unit& unit) const;
    unsigned find(const bus::Device& device) const;

    EventLoop& io_;
    CableListener& listener_;
    const Shape shape_;
    std::array<Unit*, kMaxPlaces> units_{};
};

}  // namespace kelvin::bus::ata
