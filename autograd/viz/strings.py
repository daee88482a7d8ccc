"""Every sentence of the explaining pages, in English and in Chinese; the scripts read the same table."""

import re
import unicodedata

STRINGS: dict[str, dict[str, str]] = {
    "en": {
        "language": "English",
        "title": "{root}, step by step",
        "forward": "forward",
        "backward": "backward",
        "step": "step {i} of {n}",
        "since": ",  since {z} = {made} has ",
        "tally": ";  {k} of {n}: {sum}",
        "compute": "{z} is computed from its operands.",
        "start": "It begins at the end: when {root} grows by 1, {root} grows by 1.",
        "edge": "Along the edge from {z} to its operand {x}.",
        "edge_of": "Along the edge from {z} to its operand number {k}, {x}.",
        "operation": "operation",
        "noted": "noted for later",
        "noted_note": "local derivatives, which the backward pass will need",
        "truth": "[…] is 1 where it is true, and 0 where it is not",
        "local": "local derivative",
        "local_note": "when {x} grows by a little, {z} grows by this many times as much",
        "upstream": "gradient from above",
        "upstream_note": "what a little more {z} does to {root}; it is finished",
        "contribution": "chain rule",
        "contribution_note": "the product of the two is what this edge adds",
        "sum": "sum so far",
        "sum_note": "{k} of {n} contributions.",
        "finished": "The gradient of {x} is finished.",
        "waiting": "The gradient of {x} still waits for {m} more.",
        "unused": "{root} does not depend on anything: there is nothing to step through.",
        "too_large": "This graph has {nodes} nodes; a sheet shows at most {limit}. Step through a smaller expression,"
        " look at draw(v, collapse=...), or read the steps as text: iterate over step_through(v).",
        "more": "... {m} more steps: iterate over the stepper to see them",
        "first": "first step",
        "previous": "previous step",
        "play": "play",
        "pause": "pause",
        "next": "next step",
        "last": "last step",
        "slider": "step",
        "keys": "Keys: ← → one step, Home and End the ends, space plays. Click a node to see its gradient finished,"
        " an edge to see where its number comes from.",
        "name": "name",
        "made": "how it is made",
        "data": "value",
        "gradient": "gradient of {root}",
        "unknown": "not yet",
        "box_data": "data",
        "box_grad": "grad",
        "box_output": "output",
        "box_operations": "operations",
        "box_parameters": "parameters",
        "box_norm": "‖grad‖",
        "edges": "{n} edges",
        "input": "input",
        "parameter": "parameter",
        "constant": "constant",
        "result": "result",
        "what_if": "What if? Change the value of a leaf and press Enter: everything is computed again.",
        "outcome": "With these values {root} is {now}; it was {before}.",
        "reset": "original values",
        "not_a_number": "{x} keeps its value: {text} is not a number.",
        "beyond": "{x} keeps its value: {text} is larger than any float, 1.8e308. If you mean infinity, type inf.",
        "empty": "{x} keeps its value: the field is empty. Type a number.",
        "no_javascript": "What-if is off: the browser does not know {op}. Register it with composite=True, written"
        " with operations of autograd.",
        "steps_as_text": "The {n} steps as text",
        "drawing": "The computation graph of {root}",
        "fit": "whole drawing",
        "film_title": "A film of training",
        "loss_curve": "Loss",
        "answers": "What the model answers",
        "gradients": "Gradients, by layer",
        "activations": "Outputs, by layer",
        "sample_graph": "The graph of one sample's loss",
        "bars": "A bar is as high as the square root of its count, so that single numbers stay visible.",
        "class": "class {k}",
        "numbers": "{n} numbers",
        "lost": "{n} numbers, {m} of them not finite",
        "curve_loss": "loss",
        "curve_validation loss": "validation loss",
        "frames_as_text": "The {n} frames as text",
        "unit_epoch": "epoch",
        "unit_iteration": "iteration",
    },
    "zh": {
        "language": "中文",
        "title": "{root}：一步一步看",
        "forward": "前向",
        "backward": "反向",
        "step": "第 {i} 步，共 {n} 步",
        "since": "，因为 {z} = {made}，所以 ",
        "tally": "；第 {k} 份，共 {n} 份：{sum}",
        "compute": "由操作数算出 {z}。",
        "start": "从终点开始：{root} 增加 1，{root} 自己就增加 1。",
        "edge": "沿着从 {z} 到操作数 {x} 的边。",
        "edge_of": "沿着从 {z} 到第 {k} 个操作数 {x} 的边。",
        "operation": "运算",
        "noted": "记下备用",
        "noted_note": "局部导数，反向时要用",
        "truth": "[…] 成立时是 1，不成立时是 0",
        "local": "局部导数",
        "local_note": "{x} 增加一点点时，{z} 增加的倍数",
        "upstream": "上游梯度",
        "upstream_note": "{z} 增加一点点对 {root} 的影响，已经算完",
        "contribution": "链式法则",
        "contribution_note": "两者的乘积，就是这条边的贡献",
        "sum": "累加",
        "sum_note": "已收到 {k} 份贡献，共 {n} 份。",
        "finished": "{x} 的梯度已经算完。",
        "waiting": "{x} 的梯度还要等 {m} 份贡献。",
        "unused": "{root} 不依赖任何数：没有可看的步骤。",
        "too_large": "这个图有 {nodes} 个节点，一页最多显示 {limit} 个。请看较小的表达式，或用 draw(v, collapse=...)，"
        "或以文字逐步查看：对 step_through(v) 循环。",
        "more": "…… 还有 {m} 步：对 stepper 循环即可看到",
        "first": "第一步",
        "previous": "上一步",
        "play": "播放",
        "pause": "暂停",
        "next": "下一步",
        "last": "最后一步",
        "slider": "步骤",
        "keys": "按键：← → 走一步，Home 和 End 到两端，空格播放。"
        "点击节点，看它的梯度何时算完；点击边，看它的数从何而来。",
        "name": "名称",
        "made": "怎样得到",
        "data": "数值",
        "gradient": "{root} 的梯度",
        "unknown": "尚未",
        "box_data": "数值",
        "box_grad": "梯度",
        "box_output": "输出",
        "box_operations": "运算",
        "box_parameters": "参数",
        "box_norm": "‖梯度‖",
        "edges": "{n} 条边",
        "input": "输入",
        "parameter": "参数",
        "constant": "常数",
        "result": "结果",
        "what_if": "如果……会怎样？改变一个叶子的数值，按回车，全部重新计算。",
        "outcome": "用这些数值，{root} 是 {now}；原来是 {before}。",
        "reset": "恢复原值",
        "not_a_number": "{x} 保持原值：{text} 不是数。",
        "beyond": "{x} 保持原值：{text} 超过最大的浮点数 1.8e308。要输入无穷大，请写 inf。",
        "empty": "{x} 保持原值：输入框是空的。请输入一个数。",
        "no_javascript": "无法使用“如果”：浏览器不认识 {op}。请用 autograd 的运算写它，并以 composite=True 注册。",
        "steps_as_text": "以文字列出 {n} 步",
        "drawing": "{root} 的计算图",
        "fit": "显示全图",
        "film_title": "训练的影片",
        "loss_curve": "损失",
        "answers": "模型的回答",
        "gradients": "各层的梯度",
        "activations": "各层的输出",
        "sample_graph": "一个样本的损失的计算图",
        "bars": "条的高度是个数的平方根，这样单个的数也看得见。",
        "class": "第 {k} 类",
        "numbers": "{n} 个数",
        "lost": "{n} 个数，其中 {m} 个不是有限数",
        "curve_loss": "损失",
        "curve_validation loss": "验证损失",
        "frames_as_text": "以文字列出 {n} 帧",
        "unit_epoch": "轮次",
        "unit_iteration": "迭代",
    },
}


def phrases(language: str) -> dict[str, str]:
    """The sentences in one language.

    Raises ValueError for a language that has none.

    >>> phrases("zh")["step"].format(i=1, n=2)
    '第 1 步，共 2 步'
    """
    if language not in STRINGS:
        raise ValueError(f"there is no language {language!r}: choose one of {', '.join(map(repr, STRINGS))}")
    return STRINGS[language]


def isolated(name: str) -> str:
    """A name for use in a formula: one that runs from right to left would else turn what stands beside it around.

    >>> isolated("w"), isolated("משקל") == "\u2068משקל\u2069"  # first strong isolate ... pop directional isolate
    ('w', True)
    """
    turns = any(unicodedata.bidirectional(letter) in ("R", "AL") for letter in name)
    return f"\u2068{name}\u2069" if turns else name


def in_language(svg: str, language: str) -> str:
    """A drawing with the words in its boxes and on its bundles of edges in that language."""
    say = phrases(language)
    words = {text: say[key] for key, text in STRINGS["en"].items() if key.startswith("box_")}
    svg = re.sub(r'(<text class="key"[^>]*>)([^<]*)', lambda key: key[1] + words.get(key[2], key[2]), svg)
    return re.sub(r">([\d,]+) edges</text>", lambda edge: f">{say['edges'].format(n=edge[1])}</text>", svg)
