// SPDX-License-Identifier: Apache-2.0
// A CD drive on ATA (ATA/ATAPI-7): packets are SCSI's commands, which a SCSI CD drive inside executes.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "bus/ata/ata.h"
#include "device/ata_drive/drive_options.h"
#include "device/scsi_disk/scsi_disk.h"

namespace kelvin::device {

/// I/O loop's thread.
class AtaCd final : public bus::ata::Unit, private bus::Savable {
  public:
    using Options = AtaOptions;
    static Result<std::unique_ptr<AtaCd>> create(const Options& options, const bus::Surroundings& surroundings);

    /// `options` has been checked; `disk` outlives the device.
    AtaCd(const Options& options, backend::BlockDevice& disk);
    ~AtaCd() override;

    void reset() override;
    Savable* savable() override { return this; }
    std::optional<bus::Bootable> bootable() const override {
        return bus::Bootable{bus::Bootable::Kind::cd, options_.bootindex, ""};
    }

    void connected(const bus::ata::Connection& connection) override { connection_ = connection; }
    bus::ata::Registers signature() const override;
    bus::ata::Plan plan(const bus::ata::Registers& registers) const override;
    void execute(bus::ata::Request& request) override;
    u64 packet_size(std::span<const u8> packet) const override;
    void soft_reset() override {}
    void drain() override { drive_.drain(); }
    void settle() override { drive_.settle(); }

  private:
    class Packet;
    static constexpr u8 kFirstMode = 0x45;  // as SET FEATURES has it

    void quiesce() override { settle(); }
    Result<state::Json> save() override;
    Result<> load(const state::Json& saved) override;

    void execute_packet(bus::ata::Request& request);
    void identify(bus::ata::Request& request);
    void set_features(bus::ata::Request& request);

    const Options options_;
    backend::BlockDevice& disk_;
    bus::ata::Connection connection_;
    ScsiDisk drive_;
    bus::scsi::Sense sense_;  // of the last packet, for the host that asks
    u8 transfer_mode_ = kFirstMode;
    std::vector<std::unique_ptr<Packet>> packets_;  // all there are
    std::vector<Packet*> idle_;                     // those to be used again
};

}  // namespace kelvin::device
