// What the page says, in English and Chinese; ?lang=zh chooses.
const WORDS = {
  en: {
    layers: 'Layers', terrain: 'Terrain', context: 'Existing buildings', design: 'Designs', envelopes: 'Control envelopes',
    findings: 'Findings', pointcloud: 'Point cloud', colour: 'Colour', byVerdict: 'by verdict', edges: 'edges', sun: 'Sun',
    shadows: 'shadows', date: 'Date', hour: 'Hour', zone: 'UTC +', picked: 'Picked', below: 'below the horizon',
    nowhere: 'not on the globe: no sun', azimuth: 'azimuth', elevation: 'elevation', loading: 'loading…',
    PASS: 'complies', MARGINAL: 'within tolerance', FAIL: 'does not comply', NOT_CHECKED: 'not checked', NONE: 'no check',
  },
  zh: {
    layers: '图层', terrain: '地形', context: '现状建筑', design: '设计方案', envelopes: '控规盒子', findings: '检查结果',
    pointcloud: '点云', colour: '着色', byVerdict: '按检查结论', edges: '轮廓线', sun: '日照', shadows: '阴影', date: '日期',
    hour: '时刻', zone: 'UTC +', picked: '选中要素', below: '太阳在地平线以下', nowhere: '无地理位置，无日照',
    azimuth: '方位角', elevation: '高度角', loading: '加载中…',
    PASS: '符合', MARGINAL: '在允差内', FAIL: '不符合', NOT_CHECKED: '未能检查', NONE: '无检查涉及',
  },
};
export const language = new URLSearchParams(location.search).get('lang') === 'zh' ? 'zh' : 'en';

export function word(key) {
  return WORDS[language][key] ?? key;
}

export function speak() {
  document.documentElement.lang = language;
  for (const element of document.querySelectorAll('[data-text]')) element.textContent = word(element.dataset.text);
}
