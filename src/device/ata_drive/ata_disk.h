// SPDX-License-Identifier: Apache-2.0
// An ATA disk (ATA8-ACS), whatever it is connected to: ide-hd.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backend/block/block_device.h"
#include "bus/ata/ata.h"
#include "device/ata_drive/commands.h"
#include "device/ata_drive/drive_options.h"

namespace kelvin::device {

/// I/O loop's thread.
class AtaDisk final : public bus::ata::Unit, private bus::Savable {
  public:
    using Options = AtaOptions;
    static Result<std::unique_ptr<AtaDisk>> create(const Options& options, const bus::Surroundings& surroundings);

    /// `options` has been checked; `disk` outlives the device.
    AtaDisk(const Options& options, backend::BlockDevice& disk);
    ~AtaDisk() override;

    void reset() override;
    Savable* savable() override { return this; }
    std::optional<bus::Bootable> bootable() const override {
        return bus::Bootable{bus::Bootable::Kind::disk, options_.bootindex, ""};
    }

    void connected(const bus::ata::Connection& connection) override { connection_ = connection; }
    bus::ata::Registers signature() const override;
    bus::ata::Plan plan(const bus::ata::Registers& registers) const override;
    void execute(bus::ata::Request& request) override;
    void soft_reset() override {}
    void drain() override { disk_.drain(); }
    void settle() override { disk_.settle(); }

  private:
    struct Transfer;
    struct Range {
        u64 sector = 0;
        u64 sectors = 0;
    };
    /// What the host has set, and what it may ask for later.
    struct State {
        u8 multiple = 16;  ///< sectors in a block; 0: such commands are off
        bool cached = true;
        u8 heads = 16;
        u8 sectors = 63;
        u8 transfer_mode = 0x45;      ///< as SET FEATURES has it
        std::vector<u8> queue_error;  ///< log 10h of the last queued command that failed; empty: none did

        template <class Visitor>
        void fields(Visitor& visit) {
            visit("multiple", multiple);
            visit("cached", cached);
            visit("heads", heads);
            visit("sectors", sectors);
            visit("transfer_mode", transfer_mode);
            visit("queue_error", queue_error);
        }
        Result<> check() const;
    };
    using Request = bus::ata::Request;
    using Registers = bus::ata::Registers;

    void quiesce() override { settle(); }
    Result<state::Json> save() override;
    Result<> load(const state::Json& saved) override;

    State initial() const;
    /// Where a command's data is; none if it is beyond the end of the disk.
    std::optional<Range> range_of(const ata::Command& command, const Registers& registers) const;
    u64 sectors_of(const ata::Command& command, const Registers& registers) const;
    u64 address_of(const ata::Command& command, const Registers& registers) const;
    bool can_execute(const ata::Command& command, const Registers& registers) const;
    void move(Request& request, const ata::Command& command);
    void flush(Request& request);
    void trim(Request& request);
    void answer(Request& request, std::span<const u8> data);
    void set_features(Request& request);
    bool set_transfer_mode(u8 mode);
    void set_geometry(Request& request);
    void fail(Request& request, u8 error);
    void note_queue_error(const Registers& registers);

    // What it tells (ata_disk_pages.cpp).
    std::vector<u8> identify() const;
    void identify_features(std::span<u16> words) const;
    void identify_size(std::span<u16> words) const;
    std::optional<std::vector<u8>> log_page(u8 log, u64 pages) const;

    Transfer& take_transfer(Request& request);
    void begin(Transfer& transfer);
    void finish(Transfer& transfer, int error);
    u64 sector_count() const { return disk_.size() / bus::ata::kSectorSize; }
    bool discards() const { return disk_.limits().discards && !disk_.read_only(); }
    const std::string& serial() const { return options_.serial.empty() ? disk_.serial() : options_.serial; }

    const Options options_;
    backend::BlockDevice& disk_;
    bus::ata::Connection connection_;
    State state_;
    std::vector<std::unique_ptr<Transfer>> transfers_;  // all there are
    std::vector<Transfer*> idle_;                       // those to be used again
};

}  // namespace kelvin::device
