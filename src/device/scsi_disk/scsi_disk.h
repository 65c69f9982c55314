// SPDX-License-Identifier: Apache-2.0
// SCSI disks and CD drives (SPC-4, SBC-3, MMC-6), whatever controller they are connected to.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backend/block/block_device.h"
#include "bus/device_type.h"
#include "bus/scsi/scsi.h"

namespace kelvin::device {

/// I/O loop's thread.
class ScsiDisk : public bus::scsi::LogicalUnit, private bus::Savable, private backend::Tray {
  public:
    enum class Kind : u8 { disk, cd };
    struct Options {
        std::string drive;
        std::string serial;
        std::string vendor = "QEMU";
        std::string product;
        std::string ver = "2.5+";
        std::string device_id;
        std::optional<i32> bootindex;
        u32 channel = 0;
        std::optional<u32> scsi_id;
        u32 lun = 0;
        u64 wwn = 0;
        u16 rotation_rate = 0;
        bool removable = false;
        u32 logical_block_size = 512;
        u32 physical_block_size = 512;
        bool share_rw = false;
        state::OnOffAuto write_cache = state::OnOffAuto::automatic;
        backend::ErrorPolicy on_error;

        template <class Visitor>
        void fields(Visitor& visit) {
            visit("drive", drive, "the -drive or -blockdev that holds its data");
            visit("serial", serial, "its serial number");
            visit("vendor", vendor, "8 characters that INQUIRY gives");
            visit("product", product, "16 characters that INQUIRY gives");
            visit("ver", ver, "4 characters that INQUIRY gives");
            visit("device_id", device_id, "how the guest tells it from others; the serial number if left out");
            visit("bootindex", bootindex, "where it is in the order in which firmware tries to boot, from 0");
            visit("channel", channel, "0");
            visit("scsi-id", scsi_id, "its target on the bus; a free one if left out");
            visit("lun", lun, "its logical unit of that target");
            visit("wwn", wwn, "its world-wide name");
            visit("rotation_rate", rotation_rate, "turns a minute; 1: it does not turn");
            visit("removable", removable, "it says that its medium can be taken out");
            visit("logical_block_size", logical_block_size, "bytes");
            visit("physical_block_size", physical_block_size, "bytes");
            visit("share-rw", share_rw, "accepted, without effect");
            visit("write-cache", write_cache, "whether writes are cached");
            on_error.fields(visit);
        }
    };

    /// `disk` outlives the device.
    ScsiDisk(Kind kind, const Options& options, backend::BlockDevice& disk);
    ~ScsiDisk() override;

    std::optional<bus::Bootable> bootable() const override {
        return bus::Bootable{kind_ == Kind::cd ? bus::Bootable::Kind::cd : bus::Bootable::Kind::disk,
                             options_.bootindex, ""};
    }

    void execute(bus::scsi::Request& request) override;
    void drain() override { disk_.drain(); }
    void settle() override { disk_.settle(); }
    void reset() override;
    Savable* savable() override { return this; }

  private:
    struct Transfer;
    /// What the host of a CD drive has not been told yet (MMC-6, 6.6.2.4).
    enum class MediaEvent : u8 { none, eject_request, new_media, media_removal };
    struct State {
        static constexpr u32 kVersion = 2;
        u8 key = 0;  ///< what the next command is told first
        u8 code = 0;
        u8 qualifier = 0;
        bool tray_open = false;
        bool tray_locked = false;
        u8 media_event = 0;

        template <class Visitor>
        void fields(Visitor& visit) {
            visit("key", key);
            visit("code", code);
            visit("qualifier", qualifier);
            visit.since(2, "tray_open", tray_open);
            visit.since(2, "tray_locked", tray_locked);
            visit.since(2, "media_event", media_event);
        }
    };
    using Request = bus::scsi::Request;

    void quiesce() override { settle(); }
    Result<state::Json> save() override;
    Result<> load(const state::Json& saved) override;

    bool tells_by_itself(u8 code) const;
    void inquiry(Request& request);
    std::vector<u8> vital_page(u8 page) const;
    std::optional<std::vector<u8>> vital_page_content(u8 page) const;
    std::vector<u8> supported_pages() const;
    std::vector<u8> identification_page() const;
    std::vector<u8> limits_page() const;
    void mode_sense(Request& request, bool is_long);
    void append_mode_pages(std::vector<u8>& data, u8 page, u8 control) const;
    void read_capacity(Request& request, bool is_long);

    // CD drives (cd_drive.cpp).
    bool execute_cd(Request& request);
    std::optional<bus::scsi::Sense> missing_medium(u8 code) const;
    void start_stop(Request& request);
    void prevent_removal(Request& request);
    void read_toc(Request& request);
    void get_configuration(Request& request);
    void get_event_status(Request& request);
    void read_disc_information(Request& request);
    void read_track_information(Request& request);
    void read_cd(Request& request);
    void move_tray(bool open);
    // As backend::Tray:
    bool is_open() const override { return tray_open_; }
    bool is_locked() const override { return tray_locked_; }
    void move(bool open) override;
    void request_open() override { media_event_ = MediaEvent::eject_request; }
    void medium_changed() override;

    void move(Request& request, bool is_write, u64 block, u64 blocks, bool durable);
    void write_same(Request& request, u64 block, u64 blocks);
    void unmap(Request& request);
    void verify(Request& request, u64 block, u64 blocks);
    void flush(Request& request);
    void begin(Transfer& transfer);
    void finish(Transfer& transfer, int error);
    Transfer& take_transfer(Request& request);
    bool in_range(u64 block, u64 blocks) const;
    const std::string& serial() const { return options_.serial.empty() ? disk_.serial() : options_.serial; }
    bool is_cd() const { return kind_ == Kind::cd; }
    u64 block_count() const { return disk_.size() / block_size_; }

    const Kind kind_;
    const Options options_;
    backend::BlockDevice& disk_;
    const u32 block_size_;
    const bool cached_;
    bus::scsi::Sense attention_ = bus::scsi::sense::kPowerOn;
    bool tray_open_ = false;
    bool tray_locked_ = false;
    MediaEvent media_event_ = MediaEvent::none;
    std::vector<std::unique_ptr<Transfer>> transfers_;  // all there are
    std::vector<Transfer*> idle_;                       // those to be used again
};

/// One type of device for each kind.
template <ScsiDisk::Kind kKind>
class ScsiDiskOf final : public ScsiDisk {
  public:
    static Result<std::unique_ptr<ScsiDiskOf>> create(const Options& options, const bus::Surroundings& surroundings) {
        backend::BlockDevice* const disk = KELVIN_TRY(claim(options, surroundings));
        Options own = options;
        own.logical_block_size = kKind == Kind::cd ? 2048 : options.logical_block_size;
        return std::make_unique<ScsiDiskOf>(own, *disk);
    }
    ScsiDiskOf(const Options& options, backend::BlockDevice& disk) : ScsiDisk(kKind, options, disk) {}

  private:
    static Result<backend::BlockDevice*> claim(const Options& options, const bus::Surroundings& surroundings);
};

extern template class ScsiDiskOf<ScsiDisk::Kind::disk>;
extern template class ScsiDiskOf<ScsiDisk::Kind::cd>;

}  // namespace kelvin::device
