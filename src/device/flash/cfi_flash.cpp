// SPDX-License-Identifier: Apache-2.0
// Commands, status bits and identifiers: Intel StrataFlash P30 datasheet (306666), "Device Operations" and appendix
// "CFI".
#include "device/flash/cfi_flash.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstring>

#include "base/bits.h"

namespace kelvin::device {

namespace {

constexpr u8 kReady = 0x80;
constexpr u8 kEraseError = 0x20;
constexpr u8 kProgramError = 0x10;
constexpr u8 kLockedError = 0x02;
constexpr u8 kSequenceError = kEraseError | kProgramError;

constexpr u8 kConfirm = 0xd0;
constexpr u8 kIntel = 0x89;
constexpr u8 kDevice = 0x18;

constexpr u64 kBufferBytes = u64{CfiFlash::kBufferWords} * 4;

/// The same byte from each of the two chips.
constexpr u32 from_both(u8 byte) {
    return u32{byte} | u32{byte} << 16;
}

// CFI query of one chip, from word 0x10. Size-dependent bytes are filled in by query().
constexpr u64 kQueryStart = 0x10;
constexpr u64 kQuerySizeLog2 = 0x27;
constexpr u64 kQueryBlocksLow = 0x2d;
constexpr u64 kQueryBlocksHigh = 0x2e;
constexpr std::array<u8, 0x30> kQuery{
    'Q',  'R',  'Y',  0x01, 0x00, 0x31, 0x00, 0x00, 0x00, 0x00, 0x00,  // 0x10: Intel/Sharp extended, its table at 0x31
    0x45, 0x55, 0x00, 0x00,                                            // 0x1b: 4.5 V to 5.5 V, no programming voltage
    0x07, 0x07, 0x0a, 0x00, 0x04, 0x04, 0x04, 0x00,  // 0x1f: timeouts, typical and maximal, powers of 2
    0x00, 0x02, 0x00, 0x0b, 0x00,                    // 0x27: size; 16 bits; write buffer of 2 KiB a chip
    0x01, 0x00, 0x00, 0x00, 0x02,                    // 0x2c: one region; blocks less 1; 128 KiB / 256
    'P',  'R',  'I',  '1',  '0',  0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x50, 0x00, 0x00};  // 0x31: no options

Result<> check_size(u64 size) {
    if (!std::has_single_bit(size) || size < 4 * CfiFlash::kSectorSize) {
        return user_error("the size of a flash must be a power of two of at least 1 MiB, not " + std::to_string(size) +
                          " bytes");
    }
    return ok();
}

}  // namespace

/// How far the image's write is. The image tells from a thread of its own, perhaps.
class CfiFlash::Keeping final : public backend::FlashWriteObserver {
  public:
    void begin(u8 error) {
        error_ = error;
        progress_.store(Progress::busy, std::memory_order_relaxed);
    }
    void flash_written(int error) override {
        progress_.store(error == 0 ? Progress::done : Progress::failed, std::memory_order_release);
    }
    bool is_busy() const { return progress_.load(std::memory_order_acquire) == Progress::busy; }
    /// The status bits of a write that failed, once.
    u8 take_error() {
        auto failed = Progress::failed;
        return progress_.compare_exchange_strong(failed, Progress::done, std::memory_order_acquire) ? error_ : u8{0};
    }

  private:
    enum class Progress : u8 { done, busy, failed };
    std::atomic<Progress> progress_ = Progress::done;
    u8 error_ = 0;
};

CfiFlash::CfiFlash(memory::RamBlock content, backend::FlashImage* image, Wire array_mode)
    : content_(std::move(content)),
      inverted_(image == nullptr ? ~u32{0} : 0),
      image_(image),
      keeping_(std::make_unique<Keeping>()),
      array_mode_(array_mode) {}

CfiFlash::~CfiFlash() = default;
CfiFlash::CfiFlash(CfiFlash&&) noexcept = default;

Result<CfiFlash> CfiFlash::erased(u64 size, Wire array_mode) {
    KELVIN_TRY(check_size(size));
    return CfiFlash(KELVIN_TRY(memory::RamBlock::allocate(size)), nullptr, array_mode);
}

Result<CfiFlash> CfiFlash::of_image(u64 size, backend::FlashImage& image, Wire array_mode) {
    KELVIN_TRY(check_size(size));
    if (image.size() > size || (image.size() < size && !image.read_only())) {
        return user_error(fmt::format("{} has {} bytes; the flash has {}", image.name(), image.size(), size),
                          image.size() > size ? "it is no image of this flash"
                                              : fmt::format("truncate -s {} FILE makes room for what the guest writes, "
                                                            "readonly=on does without",
                                                            size));
    }
    memory::RamBlock content = KELVIN_TRY(memory::RamBlock::allocate(size));
    KELVIN_TRY(image.read({content.data(), size}));
    return CfiFlash(std::move(content), &image, array_mode);
}

void CfiFlash::reset() {
    const Mode before = state_.mode;
    state_ = State{.mode = before};
    enter(Mode::array);
}

std::span<const state::EnumName<CfiFlash::Mode>> enum_names(CfiFlash::Mode) {
    using Mode = CfiFlash::Mode;
    static constexpr auto kNames = std::to_array<state::EnumName<Mode>>({{"array", Mode::array},
                                                                         {"status", Mode::status},
                                                                         {"identifier", Mode::identifier},
                                                                         {"query", Mode::query},
                                                                         {"program-data", Mode::program_data},
                                                                         {"erase-confirm", Mode::erase_confirm},
                                                                         {"lock-command", Mode::lock_command},
                                                                         {"buffer-count", Mode::buffer_count},
                                                                         {"buffer-data", Mode::buffer_data},
                                                                         {"buffer-confirm", Mode::buffer_confirm}});
    return kNames;
}

CfiFlash::State CfiFlash::save() const {
    State saved = state_;
    for (u64 offset = 0; image_ == nullptr && offset < size(); offset += kPageSize) {
        const std::span<const u8> page(content_.data() + offset, kPageSize);
        if (std::ranges::any_of(page, [](u8 byte) { return byte != 0; })) {
            saved.content.push_back({offset, {page.begin(), page.end()}});
        }
    }
    return saved;
}

/// An image is the host's to keep; what is nowhere else comes with the state.
void CfiFlash::restore_content(const std::vector<Page>& pages) {
    if (image_ != nullptr) {
        return;
    }
    content_.discard(0, size());
    for (const Page& page : pages) {
        if (page.offset % kPageSize == 0 && page.offset < size() && page.bytes.size() == kPageSize) {
            std::ranges::copy(page.bytes, content_.data() + page.offset);
        }
    }
}

void CfiFlash::restore(const State& state) {
    const Mode mode = state.mode <= Mode::buffer_confirm ? state.mode : Mode::array;
    const Mode before = state_.mode;
    restore_content(state.content);
    state_ = state;
    state_.content.clear();
    state_.mode = before;
    const bool buffered = mode == Mode::buffer_count || mode == Mode::buffer_data || mode == Mode::buffer_confirm;
    state_.address = align_down(state_.address % size(), buffered ? kBufferBytes : sizeof(u32));
    state_.words_left = std::clamp(state_.words_left, mode == Mode::buffer_data ? 1U : 0U, kBufferWords);
    enter(mode);
}

void CfiFlash::enter(Mode mode) {
    const bool was_array = state_.mode == Mode::array;
    state_.mode = mode;
    if (const bool is_array = mode == Mode::array; is_array != was_array) {
        array_mode_.set(is_array);
    }
}

u32 CfiFlash::read_word(u64 offset) {
    switch (state_.mode) {
        case Mode::array: {
            u32 word = 0;
            std::memcpy(&word, content_.data() + offset, sizeof word);
            return word ^ inverted_;
        }
        case Mode::identifier:
            return from_both(identifier(offset));
        case Mode::query:
            return from_both(query(offset));
        default:
            return from_both(status());
    }
}

/// By word within the sector: maker, device, and whether the sector is locked.
u8 CfiFlash::identifier(u64 offset) const {
    switch (offset % kSectorSize / 4) {
        case 0:
            return kIntel;
        case 1:
            return kDevice;
        case 2:
            return image_ != nullptr && image_->read_only() ? 1 : 0;
        default:
            return 0;
    }
}

u8 CfiFlash::query(u64 offset) const {
    const u64 word = offset / 4 & 0xff;
    const u64 blocks_less_one = size() / kSectorSize - 1;
    if (word == kQuerySizeLog2) {
        return static_cast<u8>(std::countr_zero(size() / 2));
    }
    if (word == kQueryBlocksLow || word == kQueryBlocksHigh) {
        return static_cast<u8>(blocks_less_one >> (word == kQueryBlocksHigh ? 8 : 0));
    }
    const bool inside = word >= kQueryStart && word < kQueryStart + kQuery.size();
    return inside ? kQuery[word - kQueryStart] : u8{0};
}

void CfiFlash::write_word(u64 offset, u32 value, u32 mask) {
    const u16 code_word = static_cast<u16>(value >> std::countr_zero(mask));
    const u8 code = static_cast<u8>(code_word);
    if (keeping_->is_busy()) {
        return;
    }
    switch (state_.mode) {
        case Mode::program_data:
            if (may_program(kProgramError)) {
                program(offset, value | ~mask);
                keep(offset, sizeof(u32), kProgramError);
            }
            return enter(Mode::status);
        case Mode::erase_confirm:
            return finish_erase(code);
        case Mode::lock_command:
            return enter(Mode::status);  // locks are accepted and protect nothing
        case Mode::buffer_count:
            return take_buffer_count(code_word);
        case Mode::buffer_data:
            return take_buffer_word(offset, value, mask);
        case Mode::buffer_confirm:
            return finish_buffer(code);
        default:
            return command(offset, code);
    }
}

void CfiFlash::command(u64 offset, u8 code) {
    state_.address = offset;
    switch (code) {
        case 0x10:
        case 0x40:
            return enter(Mode::program_data);
        case 0x20:
            return enter(Mode::erase_confirm);
        case 0x50:
            status();
            state_.status = kReady;
            return enter(Mode::array);
        case 0x60:
            return enter(Mode::lock_command);
        case 0x70:
        case 0xb0:  // suspend: every operation has ended already
        case kConfirm:
            return enter(Mode::status);
        case 0x90:
            return enter(Mode::identifier);
        case 0x98:
            return enter(Mode::query);
        case 0xe8:
            state_.address = align_down(offset, kBufferBytes);
            state_.buffer.fill(~u32{0});
            return enter(Mode::buffer_count);
        case 0xff:
            return enter(Mode::array);
        default:
            return;
    }
}

void CfiFlash::finish_erase(u8 code) {
    if (code != kConfirm) {
        return fail(kSequenceError);
    }
    if (may_program(kEraseError)) {
        const u64 sector = align_down(state_.address, kSectorSize);
        std::memset(content_.data() + sector, static_cast<u8>(~inverted_), kSectorSize);
        keep(sector, kSectorSize, kEraseError);
    }
    enter(Mode::status);
}

/// One less than the number of words: the buffer may be filled in part.
void CfiFlash::take_buffer_count(u16 count) {
    if (count >= kBufferWords) {
        return fail(kSequenceError);
    }
    state_.words_left = count + 1U;
    enter(Mode::buffer_data);
}

/// Words must lie in the part of the array that the buffer stands for, which the command's address named.
void CfiFlash::take_buffer_word(u64 offset, u32 value, u32 mask) {
    if (align_down(offset, kBufferBytes) != state_.address) {
        return fail(kSequenceError);
    }
    state_.buffer[offset / 4 % kBufferWords] &= value | ~mask;
    if (--state_.words_left == 0) {
        enter(Mode::buffer_confirm);
    }
}

void CfiFlash::finish_buffer(u8 code) {
    if (code != kConfirm) {
        return fail(kSequenceError);
    }
    if (may_program(kProgramError)) {
        for (u32 word = 0; word < kBufferWords; ++word) {
            if (state_.buffer[word] != ~u32{0}) {
                program(state_.address + u64{word} * 4, state_.buffer[word]);
            }
        }
        keep(state_.address, kBufferBytes, kProgramError);
    }
    enter(Mode::status);
}

/// Else the status says why not.
bool CfiFlash::may_program(u8 error) {
    if (image_ != nullptr && image_->read_only()) {
        state_.status |= error | kLockedError;
        return false;
    }
    return true;
}

/// Programming only clears bits; erasing sets them.
void CfiFlash::program(u64 offset, u32 value) {
    u32 word = 0;
    std::memcpy(&word, content_.data() + offset, sizeof word);
    word = ((word ^ inverted_) & value) ^ inverted_;
    std::memcpy(content_.data() + offset, &word, sizeof word);
}

/// `error` is what the status says if the image cannot.
void CfiFlash::keep(u64 offset, u64 size, u8 error) {
    if (image_ != nullptr) {
        keeping_->begin(error);
        image_->write(offset, {content_.data() + offset, size}, *keeping_);
    }
}

u8 CfiFlash::status() {
    if (keeping_->is_busy()) {
        return static_cast<u8>(state_.status & ~kReady);
    }
    state_.status |= keeping_->take_error();
    return state_.status;
}

void CfiFlash::fail(u8 status_bits) {
    state_.status |= status_bits;
    enter(Mode::status);
}

}  // namespace kelvin::device
