// SPDX-License-Identifier: Apache-2.0
#include "bus/pci/function.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>

#include "base/assert.h"
#include "bus/pci/config_registers.h"
#include "bus/pci/express_registers.h"

namespace kelvin::bus::pci {

namespace {

constexpr u32 kMemory64 = 4;
constexpr u32 kPrefetchable = 8;
constexpr u32 kIoSpace = 1;

// MSI-X capability (6.8.2.3).
constexpr u32 kMsixControl = 2;
constexpr u32 kMsixTable = 4;
constexpr u32 kMsixPending = 8;
constexpr u32 kMsixSize = 12;
constexpr u16 kMsixEnable = 1U << 15;
constexpr u16 kMsixFunctionMask = 1U << 14;

constexpr u16 kWritableCommand = reg::command::kIo | reg::command::kMemory | reg::command::kBusMaster |
                                 reg::command::kParityError | reg::command::kSystemError |
                                 reg::command::kInterruptDisable;

u32 bar_offset(unsigned index) {
    return index == Function::kRom ? reg::kRom : reg::kBar0 + 4 * index;
}

bool overlaps(u32 offset, unsigned size, u32 first, u32 end) {
    return offset < end && first < offset + size;
}

}  // namespace

std::string Devfn::text() const {
    return fmt::format("{:02x}.{:x}", device(), function());
}

Result<> read_value(const state::Json& value, Devfn& field) {
    const Error error = state::bad_value(value, "a device number from 0 to 1f, with or without a function: 0x5.0x1");
    if (value.is_number()) {
        field.value = static_cast<u8>(KELVIN_TRY(state::read_unsigned(value, 0xff)));
        return ok();
    }
    if (!value.is_string()) {
        return error;
    }
    const std::string_view text = value.get_ref<const std::string&>();
    const std::size_t dot = text.find('.');
    const auto parse = [](std::string_view digits, unsigned limit) -> std::optional<unsigned> {
        if (digits.starts_with("0x")) {
            digits.remove_prefix(2);
        }
        unsigned number = 0;
        const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), number, 16);
        const bool whole = failure == std::errc() && end == digits.data() + digits.size();
        return whole && number < limit ? std::optional(number) : std::nullopt;
    };
    const auto device = parse(text.substr(0, dot), 32);
    const auto function = dot == std::string_view::npos ? std::optional(0U) : parse(text.substr(dot + 1), 8);
    if (!device || !function) {
        return error;
    }
    field.value = static_cast<u8>(*device << 3 | *function);
    return ok();
}

state::Json write_value(Devfn field) {
    return field.text();
}

Function::Function(const FunctionOptions& options, const Identity& identity) : placement_(options) {
    config_.define<u16>(reg::kVendorId, identity.vendor);
    config_.define<u16>(reg::kDeviceId, identity.device);
    config_.define<u16>(reg::kCommand, 0, kWritableCommand);
    config_.define<u16>(reg::kStatus, 0, 0, reg::status::kErrors);
    config_.define<u32>(reg::kRevision, identity.class_code << 8 | identity.revision);
    config_.define<u8>(reg::kCacheLineSize, 0, 0xff);
    config_.define<u16>(reg::kSubsystemVendor, identity.subsystem_vendor);
    config_.define<u16>(reg::kSubsystem, identity.subsystem);
    config_.define<u8>(reg::kInterruptLine, 0, 0xff);
    if (options.multifunction) {
        set_multifunction();
    }
}

Function::~Function() = default;

void Function::set_multifunction() {
    const u8 type = static_cast<u8>(config_.get<u8>(reg::kHeaderType) | reg::kMultifunction);
    config_.define<u8>(reg::kHeaderType, type);
}

void Function::add_bar(unsigned index, Bar::Kind kind, u64 size, memory::MmioHandler& handler) {
    put_bar(index, {.kind = kind, .size = size, .handler = &handler});
}

void Function::add_memory_bar(unsigned index, Bar::Kind kind, const memory::RamBlock& block) {
    constexpr u64 kPage = 4096;
    KELVIN_ASSERT(kind != Bar::Kind::io && block.size() >= kPage);
    put_bar(index, {.kind = kind, .size = block.size(), .memory = block.data()});
}

bool Function::has_memory() const {
    return std::ranges::any_of(bars_, [](const Bar& bar) { return bar.memory != nullptr && !bar.read_only; });
}

Result<> Function::set_rom(std::span<const u8> content) {
    constexpr u64 kLeast = 4096;  // a page, so that processors read it where it lies
    constexpr u64 kMost = u64{16} << 20;
    constexpr u32 kEnable = 1;
    KELVIN_ASSERT(!content.empty() && bars_[kRom].kind == Bar::Kind::none);
    if (content.size() > kMost) {
        return user_error(fmt::format("the option ROM has {} bytes; {} are the most", content.size(), kMost),
                          "romfile= names another, romfile=, without a name none");
    }
    memory::RamBlock block =
        KELVIN_TRY(memory::RamBlock::allocate(std::max(kLeast, std::bit_ceil(u64{content.size()}))));
    std::ranges::copy(content, block.data());
    rom_ = std::make_shared<const memory::RamBlock>(std::move(block));
    put_bar(kRom, {.kind = Bar::Kind::memory32, .size = rom_->size(), .memory = rom_->data(), .read_only = true});
    const u32 mask = static_cast<u32>(~(rom_->size() - 1));
    config_.define<u32>(reg::kRom, 0, mask | kEnable);
    return ok();
}

void Function::put_bar(unsigned index, const Bar& bar) {
    KELVIN_ASSERT(std::has_single_bit(bar.size) && bar.size >= 8 && bars_.at(index).kind == Bar::Kind::none);
    bars_[index] = bar;
    const u64 mask = ~(bar.size - 1);
    u32 type = 0;
    if (bar.kind == Bar::Kind::io) {
        type = kIoSpace;
    } else if (bar.kind == Bar::Kind::memory32_prefetchable) {
        type = kPrefetchable;
    } else if (bar.kind != Bar::Kind::memory32) {
        type = kMemory64 | (bar.kind == Bar::Kind::memory64_prefetchable ? kPrefetchable : 0);
    }
    config_.define<u32>(bar_offset(index), type, static_cast<u32>(mask));
    if (bars_[index].is_wide()) {
        KELVIN_ASSERT(bars_.at(index + 1).kind == Bar::Kind::none);
        config_.define<u32>(bar_offset(index + 1), 0, static_cast<u32>(mask >> 32));
    }
}

void Function::add_msix(unsigned bar, u16 vectors) {
    KELVIN_ASSERT(vectors != 0 && vectors <= Msix::kMaxVectors);
    msix_ = std::make_unique<Msix>(vectors, static_cast<MessagePort&>(*this));
    add_bar(bar, Bar::Kind::memory32, msix_->size(), *msix_);
    msix_at_ = config_.add_capability(reg::capability::kMsix, kMsixSize);
    config_.define<u16>(msix_at_ + kMsixControl, static_cast<u16>(vectors - 1), kMsixEnable | kMsixFunctionMask);
    config_.define<u32>(msix_at_ + kMsixTable, bar);
    config_.define<u32>(msix_at_ + kMsixPending, static_cast<u32>(msix_->pending_offset()) | bar);
}

void Function::add_express_endpoint() {
    express_at_ = config_.add_capability(reg::capability::kExpress, express::kSize);
    config_.define<u16>(express_at_ + express::kFlags, express::kVersion2);
    config_.define<u32>(express_at_ + express::kDeviceCapabilities,
                        express::kRoleBasedErrors | express::kFunctionLevelReset);
    config_.define<u16>(express_at_ + express::kDeviceControl, express::kDeviceControlReset,
                        express::kDeviceControlWritable);
    config_.define<u16>(express_at_ + express::kDeviceStatus, 0, 0, express::kDeviceStatusErrors);
}

void Function::add_interrupt_pin() {
    config_.define<u8>(reg::kInterruptPin, 1);
}

void Function::set_port(FunctionPort* port, bool integrated) {
    {
        // Whoever drives the line has done so when this returns: the port's line is the bus's to lower then.
        const std::lock_guard lock(intx_lock_);
        port_ = port;
    }
    if (port != nullptr) {
        placed(integrated);
    }
    if (port == nullptr || express_at_ == 0) {
        return;
    }
    const u16 type = integrated ? express::kIntegratedEndpoint : express::kEndpoint;
    config_.define<u16>(express_at_ + express::kFlags, static_cast<u16>(express::kVersion2 | type));
    // An integrated endpoint has no link, and none of its registers.
    config_.define<u32>(express_at_ + express::kLinkCapabilities, integrated ? 0 : express::kLinkX1);
    config_.define<u16>(express_at_ + express::kLinkControl, 0, integrated ? u16{0} : express::kLinkControlWritable);
    config_.define<u16>(express_at_ + express::kLinkStatus, integrated ? u16{0} : u16{express::kLinkX1});
}

std::optional<u64> Function::bar_address(unsigned index) const {
    const Bar& bar = bars_.at(index);
    const u16 command = config_.get<u16>(reg::kCommand);
    const u16 enable = bar.kind == Bar::Kind::io ? reg::command::kIo : reg::command::kMemory;
    if (bar.kind == Bar::Kind::none || (command & enable) == 0) {
        return std::nullopt;
    }
    u64 address = config_.get<u32>(bar_offset(index));
    if (index == kRom && (address & 1) == 0) {
        return std::nullopt;
    }
    if (bar.is_wide()) {
        address |= u64{config_.get<u32>(bar_offset(index + 1))} << 32;
    }
    address &= ~(bar.size - 1);
    // Firmware does place ports at 0; memory there is what nobody has placed.
    return address != 0 || bar.kind == Bar::Kind::io ? std::optional(address) : std::nullopt;
}

u32 Function::read_config(u32 offset, unsigned size) {
    config_reading(offset, size);
    u32 value = config_.read(offset, size);
    constexpr u32 kInterruptByte = reg::kStatus;
    const bool asked = offset <= kInterruptByte && kInterruptByte < offset + size;
    if (const std::lock_guard lock(intx_lock_); asked && intx_) {
        value |= u32{reg::status::kInterrupt} << (8 * (kInterruptByte - offset));
    }
    return value;
}

bool Function::write_config(u32 offset, unsigned size, u32 value) {
    config_.write(offset, size, value);
    bool mapping =
        overlaps(offset, size, reg::kBar0, reg::kBar0 + 4 * kBars) || overlaps(offset, size, reg::kRom, reg::kRom + 4);
    if (overlaps(offset, size, reg::kCommand, reg::kStatus)) {
        command_written();
        mapping = true;
    }
    if (msix_at_ != 0 && overlaps(offset, size, msix_at_ + kMsixControl, msix_at_ + kMsixTable)) {
        update_msix();
    }
    const u32 control = express_at_ + express::kDeviceControl;
    if (express_at_ != 0 && overlaps(offset, size, control, control + 2) &&
        (config_.get<u16>(control) & express::kInitiateReset) != 0) {
        reset();
        mapping = true;
    }
    return config_written(offset, size) || mapping;
}

void Function::command_written() {
    const u16 command = config_.get<u16>(reg::kCommand);
    bus_master_ = (command & reg::command::kBusMaster) != 0;
    const std::lock_guard lock(intx_lock_);
    intx_disabled_ = (command & reg::command::kInterruptDisable) != 0;
    drive_intx();
}

void Function::update_msix() {
    const u16 control = config_.get<u16>(msix_at_ + kMsixControl);
    msix_->set_control((control & kMsixEnable) != 0, (control & kMsixFunctionMask) != 0);
}

void Function::reset() {
    config_.reset();
    bus_master_ = false;
    if (msix_ != nullptr) {
        msix_->reset();
    }
    const std::lock_guard lock(intx_lock_);
    intx_ = false;
    intx_disabled_ = false;
    drive_intx();
}

void Function::drive_intx() {
    if (FunctionPort* const port = port_; port != nullptr) {
        port->set_intx(intx_ && !intx_disabled_);
    }
}

void Function::set_intx(bool level) {
    const std::lock_guard lock(intx_lock_);
    intx_ = level;
    drive_intx();
}

void Function::raise(u16 vector) {
    if (msix_ != nullptr) {
        msix_->raise(vector);
    }
}

void Function::send_message(u64 address, u32 data) {
    // A message is a write, and only a bus master writes.
    FunctionPort* const port = port_;
    if (port != nullptr && bus_master_) {
        port->send_msi(address, data);
    }
}

}  // namespace kelvin::bus::pci
