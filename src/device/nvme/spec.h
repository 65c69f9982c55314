// SPDX-License-Identifier: Apache-2.0
// Numbers of the NVM Express Base Specification 1.4: registers, commands, statuses. Sections are that revision's.
#pragma once

#include <array>
#include <cstring>
#include <span>
#include <string_view>

#include "base/bits.h"
#include "base/types.h"

namespace kelvin::device::nvme {

/// Controller registers (3.1).
namespace reg {
enum : u64 {
    kCapabilities = 0x00,
    kVersion = 0x08,
    kMaskSet = 0x0c,
    kMaskClear = 0x10,
    kConfiguration = 0x14,
    kStatus = 0x1c,
    kAdminQueueAttributes = 0x24,
    kAdminSubmissionBase = 0x28,
    kAdminCompletionBase = 0x30,
    kEnd = 0x38,
    kDoorbells = 0x1000,
};
}  // namespace reg

constexpr u32 kVersion14 = 0x00010400;

/// AQA (3.1.8): both sizes, counted from 0.
constexpr u32 kAdminSizesWritable = 0x0fff0fff;

/// CC (3.1.5).
namespace cc {
constexpr u32 kEnable = 1;
constexpr u32 kWritable = 0x00fffff1;
constexpr unsigned command_set(u32 value) {
    return value >> 4 & 7;
}
constexpr unsigned page_bits(u32 value) {
    return 12 + (value >> 7 & 0xf);
}
constexpr unsigned arbitration(u32 value) {
    return value >> 11 & 7;
}
constexpr unsigned shutdown(u32 value) {
    return value >> 14 & 3;
}
constexpr unsigned submission_entry_bits(u32 value) {
    return value >> 16 & 0xf;
}
constexpr unsigned completion_entry_bits(u32 value) {
    return value >> 20 & 0xf;
}
}  // namespace cc

/// CSTS (3.1.6).
namespace csts {
constexpr u32 kReady = 1;
constexpr u32 kFatal = 2;
constexpr u32 kShutdownMask = 3 << 2;
constexpr u32 kShutdownOccurring = 1 << 2;
constexpr u32 kShutdownComplete = 2 << 2;
}  // namespace csts

/// MPSMAX: 64 KiB.
constexpr unsigned kLargestPageBits = 16;

constexpr unsigned kSubmissionEntryBits = 6;
constexpr unsigned kCompletionEntryBits = 4;
constexpr u64 kSubmissionEntry = u64{1} << kSubmissionEntryBits;
constexpr u64 kCompletionEntry = u64{1} << kCompletionEntryBits;
constexpr u64 kIdentifySize = 4096;
constexpr u32 kAllNamespaces = 0xffffffff;

enum class AdminOpcode : u8 {
    delete_submission_queue = 0x00,
    create_submission_queue = 0x01,
    get_log_page = 0x02,
    delete_completion_queue = 0x04,
    create_completion_queue = 0x05,
    identify = 0x06,
    abort = 0x08,
    set_features = 0x09,
    get_features = 0x0a,
    asynchronous_event_request = 0x0c,
};

enum class Opcode : u8 {
    flush = 0x00,
    write = 0x01,
    read = 0x02,
    compare = 0x05,
    write_zeroes = 0x08,
    dataset_management = 0x09,
};

/// Asynchronous events' types (5.2).
constexpr u8 kErrorType = 0;
constexpr u8 kHealthType = 1;
constexpr u8 kNoticeType = 2;

/// Status code type and code (4.6.1), as they stand in bits [14:1] of a completion's last word; with Do Not Retry where
/// asking again cannot help.
enum class Status : u16 {
    success = 0,
    invalid_opcode = 0x4001,
    invalid_field = 0x4002,
    data_transfer_error = 0x0004,
    internal_error = 0x0006,
    abort_requested = 0x0007,
    invalid_namespace = 0x400b,
    command_sequence_error = 0x400c,
    invalid_sgl_segment = 0x400d,
    invalid_sgl_count = 0x400e,
    sgl_length_invalid = 0x400f,
    sgl_type_invalid = 0x4011,
    invalid_prp_offset = 0x4013,
    namespace_write_protected = 0x4020,
    lba_out_of_range = 0x4080,
    capacity_exceeded = 0x0081,
    completion_queue_invalid = 0x4100,
    invalid_queue_identifier = 0x4101,
    invalid_queue_size = 0x4102,
    too_many_event_requests = 0x4105,
    invalid_interrupt_vector = 0x4108,
    invalid_log_page = 0x4109,
    invalid_queue_deletion = 0x410c,
    feature_not_saveable = 0x410d,
    feature_not_changeable = 0x410e,
    feature_not_namespace_specific = 0x410f,
    conflicting_attributes = 0x4180,
    write_fault = 0x0280,
    unrecovered_read_error = 0x0281,
    compare_failure = 0x4285,
};

/// A submission queue entry (4.2), copied out of the guest's memory.
class Command {
  public:
    Command() = default;
    explicit Command(const std::array<u8, kSubmissionEntry>& bytes) : bytes_(bytes) {}

    u8 opcode() const { return bytes_[0]; }
    u8 fused() const { return bytes_[1] & 3; }
    /// PRP or SGL for Data Transfer.
    u8 data_pointer_kind() const { return bytes_[1] >> 6; }
    u16 id() const { return get<u16>(2); }
    u32 namespace_id() const { return get<u32>(4); }
    u64 prp1() const { return get<u64>(24); }
    u64 prp2() const { return get<u64>(32); }
    std::span<const u8, 16> sgl1() const { return std::span(bytes_).subspan<24, 16>(); }
    u32 dword10() const { return get<u32>(40); }
    u32 dword11() const { return get<u32>(44); }
    u32 dword12() const { return get<u32>(48); }
    u32 dword13() const { return get<u32>(52); }
    u32 dword14() const { return get<u32>(56); }
    u64 first_block() const { return get<u64>(40); }

  private:
    template <class T>
    T get(std::size_t offset) const {
        T value;
        std::memcpy(&value, bytes_.data() + offset, sizeof value);
        return value;
    }
    std::array<u8, kSubmissionEntry> bytes_{};
};

/// Puts a number into a structure that a guest reads, lowest byte first.
template <class T>
void put(std::span<u8> bytes, std::size_t offset, T value) {
    std::memcpy(bytes.subspan(offset, sizeof value).data(), &value, sizeof value);
}

/// Puts a text, padded with spaces.
inline void put_text(std::span<u8> bytes, std::string_view text) {
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        bytes[i] = i < text.size() ? static_cast<u8>(text[i]) : u8{' '};
    }
}

}  // namespace kelvin::device::nvme
