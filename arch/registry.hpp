// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// The list of all families. A new family is its header, its line here, and its test.
#pragma once

#include "lamina/arch/arcee.hpp"
#include "lamina/arch/baichuan.hpp"
#include "lamina/arch/bloom.hpp"
#include "lamina/arch/cohere2.hpp"
#include "lamina/arch/command_r.hpp"
#include "lamina/arch/deepseek.hpp"
#include "lamina/arch/exaone.hpp"
#include "lamina/arch/exaone4.hpp"
#include "lamina/arch/falcon.hpp"
#include "lamina/arch/gemma.hpp"
#include "lamina/arch/gemma2.hpp"
#include "lamina/arch/gemma3.hpp"
#include "lamina/arch/glm4.hpp"
#include "lamina/arch/gpt2.hpp"
#include "lamina/arch/gpt_oss.hpp"
#include "lamina/arch/gptj.hpp"
#include "lamina/arch/gptneox.hpp"
#include "lamina/arch/granite.hpp"
#include "lamina/arch/granitemoe.hpp"
#include "lamina/arch/internlm2.hpp"
#include "lamina/arch/llama.hpp"
#include "lamina/arch/minicpm.hpp"
#include "lamina/arch/mpt.hpp"
#include "lamina/arch/nemotron.hpp"
#include "lamina/arch/olmo2.hpp"
#include "lamina/arch/olmoe.hpp"
#include "lamina/arch/phi2.hpp"
#include "lamina/arch/phi3.hpp"
#include "lamina/arch/qwen.hpp"
#include "lamina/arch/qwen2.hpp"
#include "lamina/arch/qwen2moe.hpp"
#include "lamina/arch/qwen3.hpp"
#include "lamina/arch/qwen3moe.hpp"
#include "lamina/arch/refact.hpp"
#include "lamina/arch/seed_oss.hpp"
#include "lamina/arch/smollm3.hpp"
#include "lamina/arch/stablelm.hpp"
#include "lamina/arch/starcoder.hpp"
#include "lamina/arch/starcoder2.hpp"
#include "lamina/core/typelist.hpp"

namespace lamina::arch {

using All = TypeList<Llama, Arcee, Baichuan, Bloom, Cohere2, CommandR, DeepSeek, Exaone, Exaone4, Falcon, Gemma, Gemma2,
                     Gemma3, Glm4, Gpt2, GptOss, GptJ, GptNeoX, Granite, GraniteMoe, InternLm2, MiniCpm, Mpt, Nemotron,
                     Olmo2, Olmoe, Phi2, Phi3, Qwen, Qwen2, Qwen2Moe, Qwen3, Qwen3Moe, Refact, SeedOss, SmolLm3,
                     StableLm, StarCoder, StarCoder2>;

}  // namespace lamina::arch
