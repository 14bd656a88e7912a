// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Text from a session: `for (auto piece : session.generate(prompt)) …`, one piece per token that completes characters.
#pragma once

#include <cstddef>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lamina/runtime/session.hpp"
#include "lamina/text/detokenizer.hpp"

namespace lamina {

// A single-pass range of text pieces. Nothing is computed before begin(). A piece is valid until the next is asked for.
// When the loop ends, error() says whether it ended well and reason() why. Errors: BadTokenizer when the model's
// vocabulary is unknown, BadArgument from the sampler's options, those of Session::feed for the prompt, NumericError.
class Generation {
 public:
  Generation(Session& session, std::string_view prompt, const GenerateOptions& options)
      : session_(&session), prompt_(prompt), options_(options) {}

  class iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = std::string_view;
    using difference_type = std::ptrdiff_t;
    using pointer = const std::string_view*;
    using reference = std::string_view;

    explicit iterator(Generation* of) : of_(of) {}
    std::string_view operator*() const { return of_->piece_; }
    iterator& operator++() {
      of_->advance();
      return *this;
    }
    void operator++(int) { ++*this; }
    bool operator==(std::default_sentinel_t) const { return of_->ended_; }

   private:
    Generation* of_;
  };

  iterator begin() {
    start();
    return iterator(this);
  }
  std::default_sentinel_t end() const { return {}; }

  const std::optional<Error>& error() const { return error_; }
  StopReason reason() const { return reason_; }
  std::size_t n_prompt() const { return n_prompt_; }        // tokens
  std::size_t n_generated() const { return n_generated_; }  // tokens

  // Runs to the end, each piece to the callback, which may halt.
  template <class OnPiece>
  Expected<StopReason> run(OnPiece&& on_piece) {
    for (auto it = begin(); it != end(); ++it) {
      if (on_piece(*it) == Feedback::Halt) {
        reason_ = StopReason::Halted;
        ended_ = true;
      }
    }
    if (error_) return fail(*error_);
    return reason_;
  }

 private:
  // Tokenises and feeds the prompt, then makes the first piece.
  void start() {
    if (started_) return;
    started_ = true;
    const auto ok = guarded([&]() -> Expected<void> {
      tokenizer_ = session_->model().shared_tokenizer();
      if (!tokenizer_) {
        const auto& why = session_->model().tokenizer_error();
        return fail(why ? *why : Error(ErrorCode::BadTokenizer, "the model has no known vocabulary"));
      }
      auto sampler = Sampler::make(options_.sampler);
      if (!sampler) return fail(std::move(sampler.error()));
      sampler_.emplace(std::move(*sampler));
      detokenizer_.emplace(tokenizer_);
      auto ids = tokenizer_->encode(
          prompt_, {.add_special = session_->position() == 0, .parse_special = options_.parse_special});
      if (!ids) return fail(std::move(ids.error()));
      if (ids->empty() && session_->position() == 0) {
        // An empty prompt without a begin token: start from the end-of-text token, as training texts do.
        const auto first = tokenizer_->bos() ? tokenizer_->bos() : tokenizer_->eos();
        if (!first) return fail(ErrorCode::BadArgument, "the prompt is empty and the vocabulary has no begin token");
        ids->push_back(*first);
      }
      n_prompt_ = ids->size();
      for (const text::Token t : session_->tokens()) sampler_->accept(t);
      for (const text::Token t : *ids) sampler_->accept(t);
      if (ids->empty()) return {};
      return session_->feed(*ids);
    });
    if (!ok) return stop(ok.error());
    advance();
  }

  void advance() {
    const auto ok = guarded([&]() -> Expected<void> {
      piece_.clear();
      while (piece_.empty() && !ended_) {
        auto stepped = step();
        if (!stepped) return stepped;
      }
      return {};
    });
    if (!ok) stop(ok.error());
  }

  // One token. The token before it is fed only now, so that the last one of a text costs no computation.
  Expected<void> step() {
    if (last_piece_) {
      ended_ = true;
      return {};
    }
    if (n_generated_ == options_.max_tokens) return finish(StopReason::MaxTokens);
    if (pending_) {
      if (session_->position() == session_->context()) return finish(StopReason::ContextFull);
      const text::Token fed[] = {*pending_};
      if (auto ok = session_->feed(fed); !ok) return ok;
      pending_.reset();
    }
    const auto token = sampler_->sample(session_->logits());
    if (!token) return fail(token.error());
    if (!options_.ignore_end && tokenizer_->is_end(*token)) return finish(StopReason::EndOfText);
    sampler_->accept(*token);
    pending_ = *token;
    ++n_generated_;
    piece_ = detokenizer_->push(*token);
    return {};
  }

  // Bytes of a character that never completed still come out, as the last piece.
  Expected<void> finish(StopReason reason) {
    reason_ = reason;
    piece_ = detokenizer_->flush();
    last_piece_ = true;
    ended_ = piece_.empty();
    return {};
  }

  void stop(const Error& error) {
    error_ = error;
    ended_ = true;
  }

  Session* session_;
  std::string prompt_;
  GenerateOptions options_;
  std::shared_ptr<const text::Tokenizer> tokenizer_;
  std::optional<Sampler> sampler_;
  std::optional<text::Detokenizer> detokenizer_;
  std::optional<text::Token> pending_;  // sampled, not yet fed
  std::string piece_;
  std::optional<Error> error_;
  StopReason reason_ = StopReason::MaxTokens;
  std::size_t n_prompt_ = 0;
  std::size_t n_generated_ = 0;
  bool started_ = false;
  bool last_piece_ = false;
  bool ended_ = false;
};

inline Generation Session::generate(std::string_view prompt, const GenerateOptions& options) {
  return Generation(*this, prompt, options);
}

}  // namespace lamina
