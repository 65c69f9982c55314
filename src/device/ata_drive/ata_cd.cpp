// SPDX-License-Identifier: Apache-2.0
#include "device/ata_drive/ata_cd.h"

#include <algorithm>

#include "device/ata_drive/identify.h"
#include "device/scsi_disk/scsi_bytes.h"
#include "state/saved_state.h"

namespace kelvin::device {

using bus::ata::Plan;
using bus::ata::Protocol;
namespace command = bus::ata::command;
namespace error = bus::ata::error;

namespace {

constexpr u8 kIdentifyPacketDevice = 0xa1;
constexpr u8 kSetFeatures = 0xef;
constexpr u8 kRequestSense = 0x03;
constexpr u64 kBlockSize = 2048;

/// What changes nothing here: NOP is not among them (ATA/ATAPI-7, 6.31).
bool has_no_effect(u8 code) {
    static constexpr u8 kCodes[] = {0xe0, 0xe1, 0xe2, 0xe3, 0xe6};  // standby and idle of both kinds, sleep
    return std::ranges::find(kCodes, code) != std::end(kCodes);
}
constexpr u8 kCheckPower = 0xe5;

ScsiDisk::Options options_of(const AtaOptions& options) {
    ScsiDisk::Options drive;
    drive.serial = options.serial;
    drive.product = options.model.empty() ? "QEMU DVD-ROM" : options.model;
    drive.ver = options.ver;
    drive.logical_block_size = kBlockSize;
    drive.physical_block_size = kBlockSize;
    drive.on_error = options.on_error;
    return drive;
}

}  // namespace

/// A packet on its way: the sense is kept, as ATA's hosts ask for it later.
class AtaCd::Packet final : public bus::scsi::Request {
  public:
    explicit Packet(AtaCd& cd) : cd_(cd) {}
    void begin(bus::ata::Request& outer) { outer_ = &outer; }

    std::span<const u8, kMaxCdb> cdb() const override { return outer_->cdb(); }
    u64 in_size() const override { return outer_->in_size(); }
    u64 out_size() const override { return 0; }
    bool write_in(u64 offset, std::span<const u8> data) override { return outer_->write_in(offset, data); }
    bool read_out(u64, std::span<u8>) const override { return false; }
    bool in_pieces(u64 size, std::vector<iovec>& out) const override { return outer_->in_pieces(size, out); }
    bool out_pieces(u64, std::vector<iovec>&) const override { return false; }
    void complete(bus::scsi::Status status, const bus::scsi::Sense& why, u64 transferred) override {
        cd_.sense_ = why;
        cd_.idle_.push_back(this);
        outer_->complete(status, why, transferred);
    }

  private:
    AtaCd& cd_;
    bus::ata::Request* outer_ = nullptr;
};

Result<std::unique_ptr<AtaCd>> AtaCd::create(const Options& options, const bus::Surroundings& surroundings) {
    KELVIN_TRY(options.check());
    // Without a drive it is empty.
    backend::BlockDevice* const disk = KELVIN_TRY(surroundings.backends.claim_block(options.drive));
    return std::make_unique<AtaCd>(options, *disk);
}

AtaCd::AtaCd(const Options& options, backend::BlockDevice& disk)
    : Unit(options.unit), options_(options), disk_(disk), drive_(ScsiDisk::Kind::cd, options_of(options), disk) {}

AtaCd::~AtaCd() = default;

void AtaCd::reset() {
    drive_.reset();
    sense_ = {};
    transfer_mode_ = kFirstMode;
}

bus::ata::Registers AtaCd::signature() const {
    return {.count = 1, .lba = 0xeb1401, .error = 1};
}

Plan AtaCd::plan(const bus::ata::Registers& registers) const {
    switch (registers.command) {
        case command::kPacket:
            return {Protocol::packet, 0, 0};
        case kIdentifyPacketDevice:
            return {Protocol::pio_in, bus::ata::kSectorSize, bus::ata::kSectorSize};
        default:
            return {};
    }
}

void AtaCd::execute(bus::ata::Request& request) {
    bus::ata::Registers& registers = request.registers;
    if (request.is_packet()) {
        return execute_packet(request);
    }
    switch (registers.command) {
        case kIdentifyPacketDevice:
            return identify(request);
        case kSetFeatures:
            return set_features(request);
        case kCheckPower:
            registers.count = 0xff;
            return request.finish();
        case command::kDeviceReset:
            drive_.drain();
            registers.count = signature().count;
            registers.lba = signature().lba;
            return request.finish();
        default:
            break;
    }
    if (has_no_effect(registers.command)) {
        return request.finish();
    }
    // 6.17.6, of IDENTIFY DEVICE and READ SECTORS: the drive says what it is.
    registers.count = signature().count;
    registers.lba = signature().lba;
    request.refuse(error::kAborted);
}

void AtaCd::execute_packet(bus::ata::Request& request) {
    if (request.packet[0] == kRequestSense && sense_ != bus::scsi::sense::kNone) {
        const auto told = std::exchange(sense_, bus::scsi::sense::kNone).fixed();
        return request.answer(told, request.packet[4]);
    }
    if (idle_.empty()) {
        packets_.push_back(std::make_unique<Packet>(*this));
        idle_.push_back(packets_.back().get());
    }
    Packet& packet = *idle_.back();
    idle_.pop_back();
    packet.begin(request);
    drive_.execute(packet);
}

/// Blocks of those that read, the allocation length of those that tell.
u64 AtaCd::packet_size(std::span<const u8> packet) const {
    const auto field = [&](std::size_t at, std::size_t size) { return load_big_endian(packet.subspan(at, size)); };
    switch (packet[0]) {
        case 0x08:  // READ (6)
            return (packet[4] == 0 ? 256 : packet[4]) * kBlockSize;
        case 0x28:  // READ (10)
            return std::min(field(7, 2) * kBlockSize, bus::ata::kMaxTransfer);
        case 0xa8:  // READ (12)
            return std::min(field(6, 4) * kBlockSize, bus::ata::kMaxTransfer);
        case 0xbe:  // READ CD
            return std::min(field(6, 3) * kBlockSize, bus::ata::kMaxTransfer);
        case 0x12:  // INQUIRY
            return field(3, 2);
        case 0x03:  // REQUEST SENSE
        case 0x1a:  // MODE SENSE (6)
            return packet[4];
        case 0x25:  // READ CAPACITY (10)
            return 8;
        case 0xbd:  // MECHANISM STATUS
            return field(8, 2);
        case 0x43:  // READ TOC/PMA/ATIP
        case 0x46:  // GET CONFIGURATION
        case 0x4a:  // GET EVENT STATUS NOTIFICATION
        case 0x51:  // READ DISC INFORMATION
        case 0x52:  // READ TRACK INFORMATION
        case 0x5a:  // MODE SENSE (10)
            return field(7, 2);
        default:
            return 0;
    }
}

/// 6.18.
void AtaCd::identify(bus::ata::Request& request) {
    ata::Words words{};
    words[0] = 0x85c0;  // a CD drive with packets of 12 bytes, asked for without an interrupt
    const std::string& serial = options_.serial.empty() ? disk_.serial() : options_.serial;
    ata::store_text(words, 10, 10, serial.empty() ? ata::numbered_serial(connection_.number) : serial);
    ata::store_text(words, 23, 4, options_.ver);
    ata::store_text(words, 27, 20, options_.model.empty() ? "QEMU DVD-ROM" : options_.model);
    words[49] = 0x0b00;  // IORDY, LBA, DMA
    words[50] = 0x4000;
    words[53] = 6;
    ata::identify_modes(words, transfer_mode_);
    if (connection_.is_serial) {
        ata::identify_serial(words);
    } else {
        words[93] = connection_.number % 2 == 0 ? 0x600b : 0x6b00;
    }
    words[80] = 0x01f0;
    words[82] = words[85] = 0x0218;  // packets, DEVICE RESET, power management
    words[83] = words[84] = words[87] = 0x4000;
    const auto data = ata::finish_identify(words);
    request.data.write(0, data) ? request.finish(data.size()) : request.refuse(error::kAborted);
}

void AtaCd::set_features(bus::ata::Request& request) {
    constexpr u8 kSetTransferMode = 0x03;
    const u8 mode = static_cast<u8>(request.registers.count);
    if ((request.registers.features & 0xff) != kSetTransferMode || !ata::is_transfer_mode(mode)) {
        return request.refuse(error::kAborted);
    }
    if (ata::is_dma_mode(mode)) {
        transfer_mode_ = mode;
    }
    request.finish();
}

namespace {

struct SavedCd {
    u8 key = 0;
    u8 code = 0;
    u8 qualifier = 0;
    u8 transfer_mode = 0;
    state::Json drive;

    template <class Visitor>
    void fields(Visitor& visit) {
        visit("key", key);
        visit("code", code);
        visit("qualifier", qualifier);
        visit("transfer_mode", transfer_mode);
        visit("drive", drive);
    }
    Result<> check() const {
        return ata::is_transfer_mode(transfer_mode) && ata::is_dma_mode(transfer_mode)
                   ? ok()
                   : Result<>(user_error("there is no such mode of transfers"));
    }
};

}  // namespace

Result<state::Json> AtaCd::save() {
    state::Json drive = KELVIN_TRY(drive_.savable()->save());
    SavedCd saved{sense_.key, sense_.code, sense_.qualifier, transfer_mode_, std::move(drive)};
    return state::save_state(saved);
}

Result<> AtaCd::load(const state::Json& json) {
    SavedCd saved;
    KELVIN_TRY(state::load_state("", json, saved));
    if (const auto loaded = drive_.savable()->load(saved.drive); !loaded) {
        return state::in_front(".drive", loaded.error());
    }
    sense_ = {saved.key, saved.code, saved.qualifier};
    transfer_mode_ = saved.transfer_mode;
    return ok();
}

}  // namespace kelvin::device
